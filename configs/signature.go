package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pageferry/pageferry/ingest"
)

// RunSignature returns a hash, in lower-case hex, of everything that decides what a run does. A killed run may be
// resumed under a config with the same signature. How fast and how patiently it goes is not part of it: rates,
// concurrency, timeouts, retries, and when it verifies; nor are secrets, proxy and header values, which may rotate
// between two runs, and who is told of it.
func (c *Config) RunSignature() string {
	headers := slices.Sorted(maps.Keys(c.Crawler.Fetch.Headers))
	site := c.SiteName()
	part := *c
	part.Ingest.Site, part.Ingest.Notify = "", ingest.NotifyConfig{}
	fetch, target := &part.Crawler.Fetch, &part.Target
	fetch.Rate, fetch.Concurrency, fetch.Timeout, fetch.Retries = 0, 0, 0, 0
	fetch.BasicAuth, fetch.Headers, fetch.Proxy = "", nil, ""
	target.Concurrency, target.Verify, target.TokenEnv, target.TokenFile = 0, 0, "", ""
	data, err := json.Marshal([]any{site, headers, part})
	if err != nil {
		panic(fmt.Sprintf("encode a config as JSON: %v", err)) // unreachable: no field of it can fail
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
