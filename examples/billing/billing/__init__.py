"""Finds overdue invoices, has their owners told by Taskify, and keeps who works on which task."""
