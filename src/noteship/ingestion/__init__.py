"""Data from elsewhere, fetched into files of the project with a record of where and when."""
