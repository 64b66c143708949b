using System.Diagnostics.Tracing;
using Lab.Results;
using Lab.Tests.Cli;
using Microsoft.Diagnostics.NETCore.Client;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary><c>lab run</c> with the process that watches it, from end to end.</summary>
public sealed class WatchedRunTests
{
    private const long CollectKeyword = 0x800000;

    [Fact]
    public void A_collection_forced_in_the_window_is_tagged_on_the_samples_that_it_stopped()
    {
        using RunsFolder runs = new();
        using LabProcess lab =
            LabProcess.Start(["run", .. runs.Tiny("--strategy", "mainline", "--duration", "4s", "--watch", "on")]);
        lab.AwaitError("[1/1]");
        // One collection after the other, from outside, until it has ended: some fall into the window.
        Thread forcing = new(() => ForceCollections(lab.Id));
        forcing.Start();
        Assert.Equal(0, lab.End().Code);
        Assert.True(forcing.Join(TimeSpan.FromSeconds(60)));

        RunRecord run = runs.OpenOnly();
        Measurement measured = Assert.Single(run.Manifest.Measurements);
        Assert.True(measured.Watched);
        DisturbanceRow[] pauses = [.. run.Disturbances.Where(row => row.Kind == "gc-pause")];
        DisturbanceRow[] induced = [.. pauses.Where(row => row.Detail.Contains("Induced", StringComparison.Ordinal))];
        Assert.True(induced.Length > 0, $"{measured.GcInWindow} collections, notes {string.Join("; ", measured.Notes)}, pauses "
            + $"{string.Join("; ", pauses.Select(row => $"{row.StartMs} {row.LengthMs} {row.Detail}"))}");
        Assert.All(pauses, row => Assert.True(row is { Located: true, Actor: "" }));
        // The runtime's own count of the same window.
        Assert.InRange(pauses.Count(row => row.Detail.StartsWith("generation", StringComparison.Ordinal)),
            measured.GcInWindow - 1, measured.GcInWindow + 1);

        TaggedSampleRow[] stopped = [.. run.Tagged.Where(row => row.Kinds.Split('+').Contains("gc-pause"))];
        Assert.NotEmpty(stopped);
        foreach (TaggedSampleRow sample in stopped) Assert.Contains(pauses, pause => Overlap(pause, sample));
        // All threads stand still while it collects: whoever was in the middle of a step shows all of the pause.
        Assert.Contains(induced,
            pause => stopped.Any(sample => Overlap(pause, sample) && sample.Value / 1e6 >= 0.9 * pause.LengthMs));
        foreach (UndisturbedRow row in run.Undisturbed)
        {
            SummaryRow all = Assert.Single(run.Summary, one => one.Metric == row.Metric);
            Assert.Equal(all.Count, row.Count + row.Tagged);
            Assert.True(row.Max <= all.Max);
        }
    }

    [Fact]
    public void Without_a_watch_nothing_is_claimed()
    {
        using RunsFolder runs = new();
        Assert.Equal(0, LabProcess.Run(["run", .. runs.Tiny("--strategy", "mainline", "--watch", "off")]).Code);
        RunRecord run = runs.OpenOnly();
        Assert.False(Assert.Single(run.Manifest.Measurements).Watched);
        Assert.Empty(run.Disturbances);
        Assert.Empty(run.Undisturbed);
        Assert.Equal("off", run.Manifest.Settings["watch"]);
    }

    [Fact]
    public void A_runtime_that_may_not_be_watched_is_measured_all_the_same()
    {
        using RunsFolder runs = new();
        LabExit exit = LabProcess.RunIn("DOTNET_EnableDiagnostics=0 \"$@\"",
            ["run", .. runs.Tiny("--strategy", "mainline", "--watch", "on")]);
        Assert.Equal(0, exit.Code);
        RunRecord run = runs.OpenOnly();
        Measurement measured = Assert.Single(run.Manifest.Measurements);
        Assert.True(measured.Watched);
        Assert.Contains(measured.Notes, note => note.Contains("cannot be watched", StringComparison.Ordinal));
        Assert.NotEmpty(run.Undisturbed);
    }

    [Fact]
    public void A_watcher_that_is_killed_costs_the_tags_and_not_the_run()
    {
        using RunsFolder runs = new();
        LabExit exit = LabProcess.RunIn("\"$@\" & lab=$!; while ! child=$(pgrep -P $lab -f ' watch '); do sleep 0.05; done; kill "
            + "-9 $child; wait $lab", ["run", .. runs.Tiny("--strategy", "mainline", "--watch", "on")]);
        Assert.Equal(0, exit.Code);
        Measurement measured = Assert.Single(runs.OpenOnly().Manifest.Measurements);
        Assert.Equal(Verdict.Clean, measured.Verdict);
        Assert.False(measured.Watched);
        Assert.Contains(measured.Notes, note => note.StartsWith("not watched: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Strict_makes_a_contaminated_run_exit_5_with_everything_saved()
    {
        using RunsFolder runs = new();
        // So short a warm-up cannot have been seen to be steady.
        LabExit exit = LabProcess.Run(["run", .. runs.Tiny("--strategy", "mainline", "--steady-limit", "1ms", "--strict")]);
        Assert.Equal(5, exit.Code);
        Assert.Contains("contaminated: mainline on memslot-churn on radix, run 1: the load was not steady when the "
            + "window opened", exit.Words, StringComparison.Ordinal);
        RunRecord run = runs.OpenOnly();
        Assert.Equal(RunState.Complete, run.State);
        Assert.False(Assert.Single(run.Manifest.Measurements).Steady);
    }

    private static bool Overlap(DisturbanceRow pause, TaggedSampleRow sample) =>
        pause.StartMs <= sample.StartMs + (sample.Value / 1e6) + 0.001
        && sample.StartMs <= pause.StartMs + pause.LengthMs + 0.001;

    /// <summary>A session with this keyword makes the runtime collect when it starts.</summary>
    private static void ForceCollections(int process)
    {
        try
        {
            DiagnosticsClient client = new(process);
            while (true)
            {
                using EventPipeSession session = client.StartEventPipeSession([new EventPipeProvider(
                    "Microsoft-Windows-DotNETRuntime", EventLevel.Informational, CollectKeyword)], requestRundown: false);
                session.Stop();
                Thread.Sleep(100);
            }
        }
        catch (Exception ended) when (ended is DiagnosticsClientException or IOException or TimeoutException)
        {
            // The run is over.
        }
    }
}
