"""The widgets, views for notebooks. `smtplab` lists them, and loads each when it is first used."""
