"""`make kills`: what kill -9 of web processes, workers and supervisors leaves behind."""
