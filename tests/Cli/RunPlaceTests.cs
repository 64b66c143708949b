using System.Diagnostics;
using Lab.Application;
using Lab.Application.Comparing;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Where the runs of a comparison happen is a seam: blocks know places only, and a run announces its folder on a
/// descriptor.</summary>
public sealed class RunPlaceTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Blocks_are_measured_wherever_runs_can_be_started_and_fetched_from()
    {
        ComparisonFolder folder = Comparison("mainline", "workqueue");
        Elsewhere place = new(_runs, folder.Runs, _ => ExitCode.Fine);
        Assert.False(new BlockMeasurement(folder, place, TextWriter.Null).Run(CancellationToken.None));

        Assert.Equal(RunState.Complete, folder.Manifest.State);
        BlockRun[] runs = [.. folder.Manifest.Blocks.SelectMany(block => block.Runs)];
        Assert.Equal(4, runs.Length);
        Assert.All(runs, run => Assert.Null(run.Problem));
        Assert.All(runs, run => Assert.True(File.Exists(Path.Combine(folder.Runs, run.Run!, "manifest.json"))));
        // Turns were asked for, and this place has none: one after the other, and what each measures is said by its arguments
        // alone.
        Assert.All(place.Started, arguments => Assert.DoesNotContain("--turns", arguments));
        Assert.All(place.Started, arguments => Assert.DoesNotContain("--out", arguments));
        Assert.Equal(["1", "1", "2", "2"],
            place.Started.Select(arguments => arguments[arguments.ToList().IndexOf("--seed") + 1]));
        ArmComparison comparison = ArmComparison.Of([ArmReader.FromBlocks(folder, 0), ArmReader.FromBlocks(folder, 1)], 0.02, []);
        Assert.All(comparison.Arms, arm => Assert.Equal(2, arm.Runs.Count));
    }

    /// <summary>Made-up runs update a thousand times a second.</summary>
    [Theory]
    [InlineData("p90", "2s", "00:40 in all.")]
    [InlineData("p99", "13s", "04:20 in all.")]
    [InlineData("p99.9", "3m", "1:00:00 in all; fewer --blocks, a lower --tail or a load that updates more often takes less.")]
    public void A_first_block_says_how_long_runs_must_be_for_a_tail(string tail, string duration, string inAll)
    {
        CompareRequest request = Tailed(tail);
        StringWriter said = new();
        IReadOnlyList<ComparisonArm> arms = new TailPilot(request, runs => new Elsewhere(_runs, runs, _ => ExitCode.Fine), said)
            .Lengthen([Arm("mainline", "--duration", "3s"), Arm("workqueue")], request.Tail!.Value, CancellationToken.None)!;
        Assert.All(arms, arm => Assert.Equal(["--memory", "4MiB", "--duration", duration], arm.Arguments));
        Assert.Contains($"per run, and there are 1000 a second: each is measured for --duration {duration}, "
            + $"10 blocks of 2 for {inAll}", said.ToString());
    }

    [Fact]
    public void A_tail_that_no_run_can_have_or_that_nothing_measures_is_refused()
    {
        CompareRequest request = Tailed("p99");
        TailPilot rare = new(request, runs => new Elsewhere(_runs, runs, _ => ExitCode.Fine, p50: 1e9), TextWriter.Null);
        Assert.Contains("longer than the hour", Assert.Throws<UsageException>(
            () => rare.Lengthen([Arm("mainline")], 0.99, CancellationToken.None)).Message);
        Assert.Contains("name a strategy", Assert.Throws<UsageException>(
            () => rare.Lengthen([], 0.99, CancellationToken.None)).Message);
    }

    private static CompareRequest Tailed(string tail) =>
        new(SettingValues.Read(CompareSettings.Group.Settings, [CompareSettings.Tail.Option, tail]));

    private static ComparisonArm Arm(string strategy, params string[] more) => new()
        { Label = strategy, Source = ArmSource.Strategy, Strategy = strategy, Arguments = ["--memory", "4MiB", .. more] };

    [Fact]
    public void A_run_that_fails_elsewhere_is_a_problem_of_its_block()
    {
        ComparisonFolder folder = Comparison("mainline", "workqueue");
        Elsewhere place = new(_runs, folder.Runs, strategy => strategy == "mainline" ? ExitCode.InternalError : ExitCode.Fine);
        StringWriter said = new();
        Assert.False(new BlockMeasurement(folder, place, said).Run(CancellationToken.None));
        BlockRun failed = folder.Manifest.Blocks[0].Runs.Single(run => run.Arm == 0);
        Assert.Equal("mainline: ended with exit code 1: lab: the worker is gone", failed.Problem);
        Assert.Null(failed.Run);
        Assert.Contains("the worker is gone", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_announces_its_folder_and_how_it_ends_on_the_descriptor()
    {
        LocalProcess here = new(arguments => new ProcessStartInfo("dotnet", [LabProcess.Program, .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        }, _runs.Beside("announced"));
        using IPlacedRun run = here.Start(["--strategy", "workqueue", "--runs", "1", "--memory", "4MiB", "--duration", "50ms",
            "--warmup", "10ms", "--vcpus", "1", "--figures", "off"], takesTurns: false);
        PlacedRunEnd end = run.End();
        Assert.True(end.ExitCode == ExitCode.Fine, string.Join('\n', end.Complaints));
        Assert.NotNull(end.Announced);
        Assert.Equal(("complete", ExitCode.Fine), (end.Announced.State, end.Announced.ExitCode));
        Assert.Equal(run.Fetch(end.Announced),
            Path.GetFileName(Assert.Single(Directory.EnumerateDirectories(_runs.Beside("announced")))));
        // Said for people as well.
        Assert.Contains(end.Complaints, line => line == $"run folder: {end.Announced.Folder}");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("run folder: /somewhere")]
    [InlineData("""{"folder":"/somewh""")]
    public void What_is_no_announcement_announces_nothing(string? line) => Assert.Null(RunAnnouncement.Read(line));

    private ComparisonFolder Comparison(params string[] strategies) => ComparisonFolder.Create(_runs.Out, new ComparisonManifest
    {
        BlocksAsked = 2,
        Threshold = 0.02,
        Seed = 1,
        Turns = "50ms",
        Arms = [.. strategies.Select(strategy => new ComparisonArm
            { Label = strategy, Source = ArmSource.Strategy, Strategy = strategy, Arguments = ["--memory", "4MiB"] })],
    });

    /// <summary>A place of the test's own: a run is a made-up folder that lies somewhere else until it is fetched.</summary>
    private sealed class Elsewhere(ComparedRuns worker, string home, Func<string, int> codeOf, double p50 = 1e6)
        : IRunPlace
    {
        public List<IReadOnlyList<string>> Started { get; } = [];

        public bool HasTurns => false;

        public IPlacedRun Start(IReadOnlyList<string> arguments, bool takesTurns)
        {
            Assert.False(takesTurns);
            Started.Add(arguments);
            string strategy = arguments[arguments.ToList().IndexOf("--strategy") + 1];
            return new Placed(worker, home, strategy, codeOf(strategy), p50);
        }

        private sealed class Placed(ComparedRuns worker, string home, string strategy, int code, double p50)
            : IPlacedRun
        {
            public bool AwaitStop() => throw new NotSupportedException("A place without turns is not asked for one.");

            public bool TakeTurn() => throw new NotSupportedException("A place without turns is not asked for one.");

            public PlacedRunEnd End() => code == ExitCode.Fine
                ? new PlacedRunEnd(code,
                    new RunAnnouncement(worker.Folder("worker", [p50], strategy: strategy), "complete", code), [])
                : new PlacedRunEnd(code, null, ["lab: the worker is gone"]);

            public string Fetch(RunAnnouncement announced)
            {
                string name = Path.GetFileName(announced.Folder);
                Directory.CreateDirectory(home);
                Directory.Move(announced.Folder, Path.Combine(home, name));
                return name;
            }

            public void Kill()
            {
            }

            public void Dispose()
            {
            }
        }
    }
}
