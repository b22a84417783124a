//! Pure: what a person is shown.
