package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
)

func deployFile(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join("../../configs/deploy", name))
}

// parses checks the arguments of a command of a sample against the program's own parser.
func parses(t *testing.T, args []string) cli {
	t.Helper()
	var c cli
	p, err := kong.New(&c, kong.Exit(func(int) { t.Errorf("%q exits", args) }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(args); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	return c
}

// words splits a command as a shell would, as far as the samples need it.
func words(command string) []string {
	var all []string
	for _, w := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(command, -1) {
		all = append(all, strings.Trim(w, "'"))
	}
	return all
}

func TestDeployCrontab(t *testing.T) {
	jobs := 0
	for line := range strings.Lines(deployFile(t, "crontab")) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || regexp.MustCompile(`^[A-Z_]+=`).MatchString(line) {
			continue
		}
		if strings.Contains(strings.ReplaceAll(line, `\%`, ""), "%") {
			t.Errorf("cron ends the command at the %% of %s", line)
		}
		w := words(strings.ReplaceAll(line, `\%`, "%"))
		if len(w) < 8 || w[5] != "pageferry" || w[6] != "pageferry" {
			t.Fatalf("not schedule, user, command: %s", line)
		}
		c := parses(t, w[7:])
		if !c.Quiet {
			t.Errorf("not quiet: %s", line)
		}
		if err := c.Sync.outputFlags.check(len(c.Sync.Configs)); err != nil && !strings.Contains(err.Error(), "does not exist") {
			t.Error(err)
		}
		jobs++
	}
	if jobs != 2 {
		t.Errorf("%d jobs, want 2", jobs)
	}
}

func TestDeployUnits(t *testing.T) {
	service := deployFile(t, "pageferry@.service")
	m := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/pageferry (.+)$`).FindStringSubmatch(service)
	if m == nil {
		t.Fatal("no ExecStart")
	}
	if regexp.MustCompile(`%[^i%]`).MatchString(m[1]) {
		t.Errorf("a specifier of systemd in %s", m[1])
	}
	c := parses(t, words(strings.ReplaceAll(m[1], "%i", "acme")))
	if !slices.Equal(c.Sync.Configs, []string{"/etc/pageferry/acme.yaml"}) || c.Sync.MaxDuration == 0 {
		t.Errorf("%+v", c.Sync)
	}
	for _, text := range []string{service, deployFile(t, "pageferry@.timer")} {
		for line := range strings.Lines(text) {
			if !regexp.MustCompile(`^(#.*|\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=.*|)\n$`).MatchString(line) {
				t.Errorf("not a line of a unit: %q", line)
			}
		}
	}
}

func TestDeployCronJob(t *testing.T) {
	type manifest struct {
		Kind string
		Data map[string]string
		Spec struct {
			Schedule          string
			ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
			JobTemplate       struct {
				Spec struct {
					Deadline int `yaml:"activeDeadlineSeconds"`
					Template struct {
						Spec struct {
							Containers []struct {
								Args         []string
								VolumeMounts []struct{ Name, MountPath string } `yaml:"volumeMounts"`
							}
							Volumes []struct{ Name string }
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	seen := map[string]bool{}
	for _, doc := range strings.Split(deployFile(t, "cronjob.yaml"), "\n---\n") {
		var m manifest
		if err := yaml.Unmarshal([]byte(doc), &m); err != nil {
			t.Fatal(err)
		}
		seen[m.Kind] = true
		switch m.Kind {
		case "ConfigMap":
			for name, text := range m.Data {
				if _, err := configs.Parse(name, []byte(text), nil); err != nil {
					t.Error(err)
				}
			}
		case "CronJob":
			job := m.Spec.JobTemplate.Spec
			pod := job.Template.Spec
			c := parses(t, pod.Containers[0].Args)
			if c.State != "/state" || int(c.Sync.MaxDuration.Seconds()) >= job.Deadline || m.Spec.ConcurrencyPolicy != "Forbid" {
				t.Errorf("state %s, %s of %d s, %s", c.State, c.Sync.MaxDuration, job.Deadline, m.Spec.ConcurrencyPolicy)
			}
			if len(pod.Containers[0].VolumeMounts) != len(pod.Volumes) {
				t.Errorf("%d volumes, %d mounts", len(pod.Volumes), len(pod.Containers[0].VolumeMounts))
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("kinds %v", seen)
	}
}

// The image is built with the Go that go.mod asks for.
func TestDeployDockerfile(t *testing.T) {
	text := deployFile(t, "Dockerfile")
	mod := readFile(t, "../../go.mod")
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(mod)
	if from := regexp.MustCompile(`(?m)^FROM golang:(\S+) `).FindStringSubmatch(text); from == nil || from[1] != want[1] {
		t.Errorf("built from %v, go.mod asks for %s", from, want[1])
	}
	for _, m := range regexp.MustCompile(`(\S+\.pgo|\./cmd/\S+)`).FindAllString(text, -1) {
		if _, err := os.Stat(filepath.Join("../..", strings.TrimPrefix(m, "-pgo="))); err != nil {
			t.Error(err)
		}
	}
}

// Every sample is named in the README, and nothing else is.
func TestDeployReadme(t *testing.T) {
	readme := deployFile(t, "README.md")
	entries, err := os.ReadDir("../../configs/deploy")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "README.md" && !strings.Contains(readme, "]("+e.Name()+")") {
			t.Errorf("%s is not in the README", e.Name())
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(filepath.Join("../../configs/deploy", m[1])); err != nil {
			t.Error(err)
		}
	}
	var all strings.Builder
	if err := writeMetrics(&all, ingest.Result{Site: "acme", Run: 1}, past{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`pageferry_[a-z_]+`).FindAllString(readme, -1) {
		if !strings.Contains(all.String(), "\n"+name+"{") {
			t.Errorf("there is no metric %s", name)
		}
	}
}
