"""What ``sentry doctor`` finds: each check judged, with the words to mend it."""
