package configs

import (
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"7d": 168 * time.Hour, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "0d": 0, "0": 0, "0s": 0,
		"1d1h1m1s": 25*time.Hour + time.Minute + time.Second, "500ms": 500 * time.Millisecond, `"2d"`: 48 * time.Hour,
	} {
		cfg, err := Parse("test.yaml", []byte(minimal+"delete: {after: "+text+"}\n"), nil)
		if err != nil || cfg.Ingest.Delete.After != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"7": "needs a unit: write 7s for seconds, or use ms, m, h or d", "7 d": "must be a duration", "d": "must be a duration",
		"1d1d": "must be a duration", "12h1d": "must be a duration", "1d-1h": "must be a duration", "infd": "must be a duration",
		"1e3d": "must be a duration", "300000d": "must be a duration", "106751d24h": "must be a duration", "-1d": "must not be negative",
		"--1d": "must be a duration", "1w": "must be a duration such as 30s, 1m30s, 500ms, 36h or 7d, not \"1w\"", "nand": "must be a duration",
	} {
		_, err := Parse("test.yaml", []byte(minimal+"delete: {after: "+text+"}\n"), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestVerifyMayBeSwitchedOff(t *testing.T) {
	cfg, err := Parse("test.yaml", []byte("start: [https://help.acme.com/]\ntarget: {kind: sandbox, verify: 0}\n"), nil)
	if err != nil || cfg.Target.Verify != 0 {
		t.Errorf("verify 0: %v", err)
	}
	if _, err = Parse("test.yaml", []byte("start: [https://help.acme.com/]\ntarget: {kind: sandbox, verify: -7d}\n"), nil); err == nil {
		t.Error("a negative time is taken")
	}
}
