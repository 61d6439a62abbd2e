project = "tripkit"
html_theme = "alabaster"
