package ingest

import (
	"crypto/sha256"
	"encoding/hex"
)

// ExternalID returns what identifies a page in Intercom: the lower-case hex SHA-256 of its canonical URL, the same as
// `printf %s URL | sha256sum` prints. It never changes: another id for a URL would create every page of every user again.
func ExternalID(canonicalURL string) string {
	sum := sha256.Sum256([]byte(canonicalURL))
	return hex.EncodeToString(sum[:])
}
