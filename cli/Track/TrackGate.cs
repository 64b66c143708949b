using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Tracking;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track gate</c>: has a series become worse and nobody said why it may? The exit code answers.</summary>
internal static class TrackGate
{
    /// <summary>A series with the regressions that a gate must refuse.</summary>
    private readonly record struct Open(TrackedSeries Series, IReadOnlyList<TrackedChange> Changes);

    public static Command Build(LabConsole console)
    {
        TrackOptions options = new();
        Option<string> metric = SettingOptions.Text("--metric", "metrics that decide, comma-separated; all by default", "");
        Option<string> since = SettingOptions.Text("--since", "only what became worse after this commit", "");
        Option<string> format =
            SettingOptions.Text("--format", "standard output: table, json, github (workflow annotations) or markdown", "table");
        Command command = new("gate", "exit with 3 if a regression is open, with 6 if that is undecided");
        foreach (Option option in (Option[])
            [options.History, metric, since, options.Machine, options.Subject, options.Repository, format])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            TrackFormat form = TrackOptions.Format(parsed, format, TrackFormat.Table, TrackFormat.Json, TrackFormat.Github,
                TrackFormat.Markdown);
            try
            {
                TrackedHistory history =
                    TrackedHistory.Read(options.HistoryFile(parsed), parsed.GetValue(options.Machine)!, mayBeOthers: false,
                        options.SubjectOf(parsed));
                history.PrintNotes(console.Error);
                IReadOnlyList<TrackedSeries> series = OfMetrics(parsed.GetValue(metric)!, history.Series);
                Func<TrackedSeries, TrackedChange, bool> counts =
                    Since(parsed.GetValue(since)!, series, new GitRepository(parsed.GetValue(options.Repository)!));
                return Judge(history, series, counts, form, console);
            }
            catch (NotComparableException error) when (form == TrackFormat.Github)
            {
                console.Out.WriteLine(GithubAnnotations.Line("error", "Nothing to judge", error.Message));
                throw;
            }
        }));
        return command;
    }

    private static int Judge(TrackedHistory history, IReadOnlyList<TrackedSeries> series,
        Func<TrackedSeries, TrackedChange, bool> counts, TrackFormat format, LabConsole console)
    {
        Open[] open = [.. series.Select(one => new Open(one, [.. one.OpenRegressions.Where(change => counts(one, change))]))
            .Where(one => one.Changes.Count > 0)];
        int tooShort = series.Count(one => !TrackedHistory.IsLongEnough(one)), fewest = ChangePointDetector.FewestPoints();
        int code = open.Length > 0 ? ExitCode.Regression : tooShort == series.Count ? ExitCode.Inconclusive : ExitCode.Fine;
        string verdict = Verdict(series, open, tooShort, fewest) + Fixed(series) + LeftOut(history.Damaged);
        switch (format)
        {
            case TrackFormat.Json:
                string word =
                    code switch { ExitCode.Regression => "regression", ExitCode.Inconclusive => "undecided", _ => "clean" };
                console.Out.WriteLine(Records.Json(
                    new GateDocument(history.Path, history.Machine, word, code, series.Count, tooShort, fewest,
                        history.Damaged.Count, [.. open.Select(one => TrackRecords.Of(one.Series, one.Changes))])));
                break;
            case TrackFormat.Github:
                WriteGithub(history, series, open, code, verdict, console.Out);
                break;
            default:
                Document document = HistoryReport.Gate(verdict, code == ExitCode.Inconclusive, history,
                    open.Select(one => (one.Series, one.Changes)), series);
                if (format == TrackFormat.Markdown) new MarkdownWriter(console.Out).Write(document);
                else console.Text.Write(document);
                break;
        }
        return code;
    }

    private static string Verdict(IReadOnlyList<TrackedSeries> series, Open[] open, int tooShort, int fewest)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (open.Length == 0 && tooShort == series.Count)
        {
            int most = series.Max(one => one.Points.Count);
            return string.Create(invariant,
                $"Undecided: finding a change takes at least {fewest} points, and no series has more than {most}.");
        }
        string left = tooShort == 0 ? "" : string.Create(invariant, $"; {tooShort} of them {(tooShort == 1 ? "has" : "have")} "
            + $"fewer than the {fewest} points that it takes to find a change");
        return string.Create(invariant,
            $"{HistoryReport.OpenOnes(open.Sum(one => one.Changes.Count))} open in {series.Count} series{left}.");
    }

    /// <summary>The regressions that are none any more, with the commits that ended them.</summary>
    private static string Fixed(IReadOnlyList<TrackedSeries> series)
    {
        TrackedChange[] all = [.. series.SelectMany(one => one.Changes)
            .Where(change => change is { IsRegression: true, Acknowledged: null, FixedBy: not null })];
        if (all.Length == 0) return "";
        string commits = string.Join(", ", all.Select(change => CommitNames.Short(change.FixedBy!)).Distinct());
        return string.Create(CultureInfo.InvariantCulture,
            $" {(all.Length == 1 ? "1 regression was" : $"{all.Length} regressions were")} fixed by {commits}.");
    }

    /// <summary>How many rows the verdict is without.</summary>
    private static string LeftOut(IReadOnlyList<DamagedRow> damaged) => damaged.Count == 0 ? "" : string.Create(
        CultureInfo.InvariantCulture, $" {damaged.Count} row{(damaged.Count == 1 ? " was" : "s were")} left out as damaged.");

    private static void WriteGithub(
        TrackedHistory history, IReadOnlyList<TrackedSeries> series, Open[] open, int code, string verdict, TextWriter to)
    {
        foreach (DamagedRow row in history.Damaged) to.WriteLine(GithubAnnotations.Damaged(row));
        foreach (Open one in open)
        {
            foreach (TrackedChange change in one.Changes) to.WriteLine(GithubAnnotations.Regression(one.Series, change, series));
        }
        string level = code == ExitCode.Inconclusive ? "warning" : "notice";
        to.WriteLine(
            GithubAnnotations.Line(level, code == ExitCode.Inconclusive ? "Too few points" : "Performance history", verdict));
    }

    /// <exception cref="UsageException">A metric that no series has.</exception>
    private static IReadOnlyList<TrackedSeries> OfMetrics(string text, IReadOnlyList<TrackedSeries> series)
    {
        if (text.Length == 0) return series;
        string[] known = [.. series.Select(one => one.Key.Metric).Distinct()];
        string[] wanted = [.. Names.Items("--metric", text).Select(name => Names.Find("metric", name, known, one => one))];
        return [.. series.Where(one => wanted.Contains(one.Key.Metric))];
    }

    /// <summary>Whether a change is newer than a commit: by git, where it knows both, else by the order of the series' points. A
    /// series without the commit counts whole.</summary>
    /// <exception cref="UsageException">Neither git nor the history knows the commit.</exception>
    private static Func<TrackedSeries, TrackedChange, bool> Since(
        string revision, IReadOnlyList<TrackedSeries> series, GitRepository git)
    {
        if (revision.Length == 0) return (_, _) => true;
        string? known = git.Resolve(revision);
        if (known is null && !series.Any(one => LastOf(one, revision) >= 0))
        {
            throw new UsageException($"--since '{revision}' is neither a commit of '{git.Folder}' nor of the history.");
        }
        Dictionary<string, bool?> answers = [];
        return (one, change) =>
        {
            string commit = change.Culprit.FirstBad;
            if (!answers.TryGetValue(commit, out bool? isOld))
            {
                answers.Add(commit, isOld = known is null ? null : git.IsAncestor(commit, known));
            }
            return isOld is { } old ? !old
                : change.Point.Index > Math.Max(LastOf(one, revision), known is null ? -1 : LastOf(one, known));
        };
    }

    private static int LastOf(TrackedSeries series, string commit)
    {
        for (int index = series.Points.Count - 1; index >= 0; index--)
        {
            if (series.Points[index].Commit.StartsWith(commit, StringComparison.Ordinal)) return index;
        }
        return -1;
    }
}
