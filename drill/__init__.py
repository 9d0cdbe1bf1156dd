"""Runs one exercise from plan to verdict; the command line `zweitherz`."""
