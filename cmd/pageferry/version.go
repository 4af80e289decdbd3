package main

import (
	"fmt"
	"runtime/debug"
)

// version can be set at link time; else the build says it.
var version string

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *runEnv) error {
	_, err := fmt.Fprintln(e.console.out, "pageferry", programVersion())
	return err
}

func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versionFrom(version, &debug.BuildInfo{})
	}
	return versionFrom(version, info)
}

// versionFrom prefers what was linked in, then the module's version, then the commit.
func versionFrom(linked string, info *debug.BuildInfo) string {
	if linked != "" {
		return linked
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	var revision, dirty string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return "devel"
	}
	return "devel-" + revision[:min(12, len(revision))] + dirty
}
