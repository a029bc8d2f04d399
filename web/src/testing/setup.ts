import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// Only a failure takes so long: what is waited for comes at once, but for a machine with much else to do.
configure({ asyncUtilTimeout: 60_000 });

afterEach(cleanup);
