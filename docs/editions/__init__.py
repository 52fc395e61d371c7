"""The editions that readers carry away: the site as files that open without a server, and the book on paper, as a PDF."""
