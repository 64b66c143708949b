using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab track add</c>: which runs join a history, under which commit, and that they do so once.</summary>
public sealed class TrackAddTests : IDisposable
{
    private readonly ComparedRuns _runs = new();
    private readonly TrackedHistories _histories = new();

    public void Dispose()
    {
        _runs.Dispose();
        _histories.Dispose();
    }

    private IReadOnlyList<HistoryRow> Rows => new HistoryFile(_histories.Path).Read().Rows;

    private LabExit Add(params string[] arguments) => _histories.Track(["add", .. arguments, "--out", _runs.Beside("runs")]);

    private static Manifest Clean(Manifest manifest) => manifest with { GitDirty = false };

    [Fact]
    public void A_run_joins_under_its_commit_and_only_once()
    {
        string run = _runs.Folder("runs", [1e6, 2e6], Clean);

        LabExit lab = Add();

        Assert.True(lab.Code == 0, lab.Error);
        Assert.Contains($"at 8c71edc0", lab.Out);
        // Two repetitions of two metrics: four quantiles, the 99.9th having 100,000 samples beneath it, and the rate.
        Assert.Equal(2 * 2 * 5, Rows.Count);
        Assert.All(Rows, row => Assert.Equal((SampleCommit, Path.GetFileName(run)), (row.Commit, row.RunId)));

        LabExit again = Add(run);
        Assert.Equal(0, again.Code);
        Assert.Contains("already there: run", again.Out);
        Assert.Contains("nothing new", again.Out);
        Assert.Equal(0, Add(run, "--commit", "another").Code);
        TrackedHistories.AssertRefusal(Add(run, "--commit", "not a commit"), "--commit 'not a commit' is neither");
        Assert.Equal(20, Rows.Count);
    }

    [Fact]
    public void Quantiles_of_too_few_samples_do_not_join()
    {
        _runs.Folder("runs", [1e6], Clean, samples: 1000);
        Assert.Equal(0, Add().Code);
        Assert.Equal([0.5, 0.9, null], Rows.Where(row => row.Metric == "update").Select(row => row.Quantile));
    }

    [Fact]
    public void Runs_of_a_changed_tree_need_a_commit_or_insistence()
    {
        _runs.Folder("runs", [1e6]);
        TrackedHistories.AssertRefusal(Add(), "uncommitted changes on top of 8c71edc0", "--commit", "--dirty");
        Assert.Empty(Rows);

        Assert.Equal(0, Add("--dirty").Code);
        Assert.All(Rows, row => Assert.Equal($"{SampleCommit}-dirty", row.Commit));
        _runs.Folder("runs", [1e6], one => one with { GitCommit = null, StartedUtc = one.StartedUtc.AddMinutes(1) });
        TrackedHistories.AssertRefusal(Add(), "does not know the commit", "--commit");
    }

    [Fact]
    public void Kernels_are_points_of_one_series_when_the_kernel_is_the_subject()
    {
        string[] kernels = ["6.18.0-rc3-00012-gabcdef012345", "6.18.1-gfedcba987654-dirty", "6.12.57+deb13-amd64"];
        foreach ((int index, string kernel) in kernels.Index())
        {
            _runs.Folder("runs", [1e6], one => one with
                { StartedUtc = one.StartedUtc.AddDays(index), Machine = one.Machine with { Kernel = kernel } });
        }

        Assert.Equal(0, Add(_runs.Beside("runs"), "--subject", "kernel").Code);

        Assert.Equal(["abcdef012345", "fedcba987654-dirty", "6.12.57+deb13-amd64"], Rows.Select(row => row.Commit).Distinct());
        Assert.Single(Rows.Select(row => (row.Machine, row.Settings)).Distinct());
        Assert.Equal(0, Add(_runs.Beside("runs"), "--dirty").Code);
        Assert.Equal(4, Rows.Select(row => row.Machine).Distinct().Count());
        TrackedHistories.AssertRefusal(Add("--subject", "compiler"), "There is no --subject value 'compiler'", "lab, kernel");
    }

    [Fact]
    public void A_commit_given_is_made_whole_by_git()
    {
        string hash = _histories.Repository(1)[0];
        _runs.Folder("runs", [1e6]);
        Assert.Equal(0, Add("--commit", "HEAD", "--repo", _histories.Beside("repository")).Code);
        Assert.All(Rows, row => Assert.Equal(hash, row.Commit));
    }

    [Fact]
    public void Partial_and_violated_runs_are_left_out_with_a_note_and_nothing_is_an_error()
    {
        RunFolder partial = RunFolder.Create(_runs.Beside("partial"), Clean(Results.SampleRun.Manifest));
        partial.Partial("interrupted");
        LabExit none = Add(partial.Path);
        Assert.Equal((2, ""), (none.Code, none.Out));
        Assert.Contains("is partial (interrupted); left out.", none.ErrorLines[0]);
        Assert.Contains("Nothing could be added", none.ErrorLines[1]);

        string sample = Results.SampleRun.WriteTo(_runs.Beside("sample"), runs: 1).Path;
        LabExit some = Add(sample, "--dirty");
        Assert.Equal(0, some.Code);
        Assert.Contains("async-put is broken, did not run clean or gave no sample; left out.", some.Error);
        Assert.DoesNotContain(Rows, row => row.Strategy == "async-put");
        Assert.DoesNotContain(Rows, row => row.Quantile is null && row.Metric.Contains(".phase.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_of_runs_adds_each_and_an_unreadable_one_is_a_note()
    {
        string folder = _runs.Folders("several", [1e6, 1.1e6, 1.2e6], Clean);
        Directory.CreateDirectory(Path.Combine(folder, "empty"));
        LabExit lab = Add(folder);
        Assert.Equal(0, lab.Code);
        Assert.Equal(3, Rows.Select(row => row.RunId).Distinct().Count());
        Assert.Contains("empty", Assert.Single(lab.ErrorLines));
        TrackedHistories.AssertRefusal(Add("nosuch"), "There is no run 'nosuch'");
    }

    [Fact]
    public void A_comparison_is_one_point_of_each_arms_series_however_many_blocks_it_has()
    {
        ComparisonFolder folder = _runs.Blocks([1e6, 1.1e6, 1.2e6], [2e6, 2.1e6, 2.2e6]);

        LabExit lab = Add(folder.Path, "--dirty");

        Assert.True(lab.Code == 0, lab.Error);
        Assert.All(Rows, row => Assert.Equal(folder.Manifest.Id, row.Session));
        Assert.Equal(6, Rows.Select(row => row.RunId).Distinct().Count());
        TrackedSeries[] medians = [.. Tracker.Track(Rows, [], []).Where(one => one.Key is { Metric: "update", Quantile: 0.5 })];
        Assert.Equal(["mainline", "workqueue"], medians.Select(one => one.Key.Strategy));
        Assert.Equal([1.1e6, 2.1e6], medians.Select(one => Assert.Single(one.Points).Value));
    }

    [Fact]
    public void How_often_with_which_seed_and_where_to_begin_no_new_series_and_what_shapes_a_measurement_does()
    {
        Manifest With(Manifest one, params (string Name, string Value)[] settings) => Clean(one) with
        {
            Settings = one.Settings.Concat(settings.ToDictionary(pair => pair.Name, pair => pair.Value)).GroupBy(pair => pair.Key)
                .ToDictionary(same => same.Key, same => same.Last().Value),
        };
        _runs.Folder("several", [1e6],
            one => With(one, ("runs", "1"), ("seed", "7"), ("out", "a"), ("format", "csv"), ("strategy", "workqueue")));
        _runs.Folder("several", [1e6],
            one => With(one, ("runs", "3"), ("seed", "8"), ("out", "b"), ("format", "json"), ("strategy", "workqueue,mainline")));
        Add(_runs.Beside("several"));
        Assert.Single(Rows.Select(row => row.Settings).Distinct());

        foreach ((string name, string value) in ((string, string)[])[("watch", "on"), ("inject", "10%"), ("memory", "8MiB")])
        {
            string run = _runs.Folder("other", [1e6], one => With(one, ("runs", "1"), ("seed", "7"), ("out", "a"),
                ("format", "csv"), ("strategy", "workqueue"), (name, value)));
            Assert.Equal(0, Add(run).Code);
        }
        Assert.Equal(4, Rows.Select(row => row.Settings).Distinct().Count());
    }

    [Fact]
    public void A_history_of_another_program_is_left_as_it_is()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_histories.Path)!);
        File.WriteAllText(_histories.Path, "commit,value\nc,1\n");
        _runs.Folder("runs", [1e6], Clean);
        TrackedHistories.AssertRefusal(Add(), _histories.Path, "line 1: the header is not");
        Assert.Equal("commit,value\nc,1\n", File.ReadAllText(_histories.Path));
        File.Delete(_histories.Path);
        Directory.CreateDirectory(_histories.Path);
        TrackedHistories.AssertRefusal(Add(), "is a folder", "--history");
    }

    [Fact]
    public void Two_processes_that_add_the_same_runs_at_once_leave_each_number_once()
    {
        string folder = _runs.Folders("several", [1e6, 1.1e6, 1.2e6, 1.3e6], Clean);
        string[] arguments = ["track", "add", folder, "--history", _histories.Path];
        using LabProcess one = LabProcess.Start(arguments), other = LabProcess.Start(arguments);
        LabExit[] ends = [one.End(), other.End()];

        Assert.All(ends, end => Assert.True(end.Code == 0, end.Error));
        History history = new HistoryFile(_histories.Path).Read();
        Assert.Empty(history.Damaged);
        Assert.Equal(4 * 2 * 5, history.Rows.Count);
        Assert.Equal(history.Rows.Count, history.Rows.Select(row => (row.Series, row.RunId)).Distinct().Count());
        Assert.Equal(4, ends.Sum(end => end.Out.Split('\n').Count(line => line.StartsWith("added:", StringComparison.Ordinal))));
    }

    private static string SampleCommit => Results.SampleRun.Manifest.GitCommit!;
}
