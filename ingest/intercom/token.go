package intercom

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// tokenPrefix begins every access token of Intercom: base64 of "tok:".
	tokenPrefix = "dG9rO"
	// maxTokenFile bounds what is read of a token file. Tokens have about 60 bytes.
	maxTokenFile = 16 << 10
)

// Token reads the access token from TokenFile, else from the environment variable TokenEnv by getenv. One line end
// after the token, or several, are dropped. Errors say where the token was looked for and never show it.
func (c *Config) Token(getenv func(string) string) (string, error) {
	where := "environment variable " + c.TokenEnv + " (target.token_env)"
	var raw string
	if c.TokenFile != "" {
		where = "file " + c.TokenFile + " (target.token_file)"
		var err error
		if raw, err = readTokenFile(c.TokenFile); err != nil {
			return "", fmt.Errorf("read the access token from target.token_file: %w", err)
		}
	} else {
		raw = getenv(c.TokenEnv)
	}
	token := strings.TrimRight(raw, "\r\n")
	if token == "" {
		if c.TokenFile != "" {
			return "", fmt.Errorf("no access token: %s is empty", where)
		}
		return "", fmt.Errorf("no access token: %s is not set or empty: set it where the program is started "+
			"(cron does not read the shell's profile: set it in the crontab, or use target.token_file)", where)
	}
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("access token of %s: %w", where, err)
	}
	return token, nil
}

func readTokenFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxTokenFile {
		return "", fmt.Errorf("%s is larger than %d bytes: it must hold the token and nothing else", path, maxTokenFile)
	}
	return string(b), nil
}

// checkToken refuses what cannot be a bearer token (RFC 6750 section 2.1). The error does not show the token.
func checkToken(token string) error {
	if token == "" {
		return errors.New("it is empty")
	}
	for _, r := range token {
		switch {
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			return errors.New(`it has white space in it: give the token alone, without "Bearer", quotes or a second line`)
		case r < '!' || r > '~':
			return errors.New("it has a character in it that no token has: copy it again")
		}
	}
	return nil
}
