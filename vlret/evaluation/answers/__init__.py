"""Answers that vision-language models give: kept between runs, and matched by the published rules."""
