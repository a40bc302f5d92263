"""How much will come: forecasts of the request rate, from a minute to two days ahead."""
