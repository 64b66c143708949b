using System.Text.Json;
using System.Xml.Linq;
using Lab.Cli;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab track</c> over made-up histories with a known truth: what it shows, how it ends, what it asks for.</summary>
public sealed class TrackCommandTests : IDisposable
{
    private readonly TrackedHistories _histories = new();

    public void Dispose() => _histories.Dispose();

    private LabExit Track(params string[] arguments) => _histories.Track(arguments);

    [Fact]
    public void Series_that_changed_come_first_each_change_with_its_commit_and_no_line_is_wider_than_eighty_columns()
    {
        _histories.Add(metric: "fault", seed: 2);
        _histories.Add(strategy: "second-list-shared", metric: "update.phase.invalidate", quantile: null, seed: 3);
        _histories.Add(step: 20);

        LabExit lab = Track("show");

        Assert.Equal((0, ""), (lab.Code, lab.Error));
        Assert.Contains("(this one)", lab.Out);
        Assert.Contains("1 regression is open. 1 of 3 series changed their level.", lab.Out);
        Assert.Matches(@"24000000 +\+(9|10|11)\.\d % .* worse OPEN", lab.Out);
        Assert.Matches(@"workqueue .* 40 +1\.\d\d µs +37000000 +1\.[01]\d µs ", lab.Out);
        Assert.InRange(lab.Out.IndexOf("update p99", StringComparison.Ordinal), 0,
            lab.Out.IndexOf("fault p99", StringComparison.Ordinal));
        Assert.All(lab.Out.Split('\n').Where(line => !line.StartsWith("the commits: ", StringComparison.Ordinal)),
            line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void Json_and_csv_say_the_same_in_fields_that_scripts_can_rely_on()
    {
        _histories.Add(step: 20);
        _histories.Add(metric: "fault", seed: 2);

        using JsonDocument json = JsonDocument.Parse(Track("show", "--format", "json").Out);
        string[] csv = Track("show", "--format", "csv").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["schema_version", "history", "machine", "rows", "damaged_rows", "fewest_points", "summary", "series"],
            json.RootElement.EnumerateObject().Select(field => field.Name));
        JsonElement series = json.RootElement.GetProperty("series")[0];
        Assert.Equal(
            "strategy,workload,mmu,metric,quantile,unit,machine,settings,better,points,last_value,last_commit,level,spread,changes",
            string.Join(',', series.EnumerateObject().Select(field => field.Name)));
        JsonElement change = series.GetProperty("changes")[0];
        Assert.Equal(
            "commit,last_good,change,before,after,p,verdict,open,acknowledged,time_utc",
            string.Join(',', change.EnumerateObject().Select(field => field.Name)));
        Assert.Equal((TrackedHistories.Commit(20), TrackedHistories.Commit(19)),
            (change.GetProperty("commit").GetString(), change.GetProperty("last_good").GetString()));
        Assert.Equal(("worse", true), (change.GetProperty("verdict").GetString(), change.GetProperty("open").GetBoolean()));
        Assert.Equal(3, csv.Length);
        Assert.Equal(25, csv[0].Split(',').Length);
        Assert.All(csv, line => Assert.Equal(25, line.Split(',').Length));
        Assert.Equal(change.GetProperty("commit").GetString(), csv[1].Split(',')[14]);
        Assert.EndsWith(",,,,,,,,,,,", csv[2]);
    }

    [Fact]
    public void A_regression_that_ended_is_fixed_and_not_open_one_that_ended_halfway_is()
    {
        _histories.Add(count: 60, level: index => index is >= 20 and < 40 ? 1.2 : 1);
        _histories.Add(metric: "fault", count: 60, seed: 2, level: index => index < 20 ? 1 : index < 40 ? 1.2 : 1.1);

        LabExit both = Track("gate");
        Assert.Equal(3, both.Code);
        Assert.StartsWith("1 regression is open in 2 series. 1 regression was fixed by ", both.Words);
        LabExit ended = Track("gate", "--metric", "update");
        Assert.Equal(0, ended.Code);
        Assert.StartsWith("No regression is open in 1 series. 1 regression was fixed by ", ended.Words);
        Assert.Contains("fixed by", Track("show").Out);
        Assert.Contains("\"fixed_by\": \"", Track("show", "--format", "json").Out);
    }

    [Fact]
    public void A_markdown_table_and_a_page_and_a_figure_can_be_had()
    {
        _histories.Add(step: 20);
        _histories.Add(quantile: 0.5, seed: 2);
        string svg = _histories.Beside("one.svg"), html = _histories.Beside("all.html");

        LabExit lab = Track("show", "--series", "update p99", "--figure", svg, "--html", html, "--format", "markdown");

        Assert.True(lab.Code == 0, lab.Error);
        Assert.Equal([$"figure: {svg}", $"report: {html}"], lab.ErrorLines);
        Assert.Matches(@"\| workqueue · memslot-churn on radix · update p99 \| 24000000 +\| +\+", lab.Out);
        Assert.Equal("svg", XDocument.Load(svg).Root!.Name.LocalName);
        Assert.Contains("1 regression is open", File.ReadAllText(html));
        TrackedHistories.AssertRefusal(Track("show", "--figure", svg), "--figure draws one series", "there are 2: ",
            "update p50");
        TrackedHistories.AssertRefusal(Track("show", "--series", "destroy"), "No series is 'destroy'", "update p99");
    }

    [Fact]
    public void The_gate_ends_with_3_for_an_open_regression_and_with_0_once_it_is_acknowledged()
    {
        _histories.Add(step: 20);
        _histories.Add(metric: "fault", seed: 2);

        LabExit open = Track("gate");
        Assert.Equal(3, open.Code);
        Assert.Contains("1 regression is open in 2 series.", open.Out);
        Assert.Matches(@"24000000 +\+.* 23000000", open.Out);
        Assert.Equal(0, Track("gate", "--metric", "fault").Code);
        Assert.Equal(3, Track("gate", "--metric", "fault,update").Code);
        TrackedHistories.AssertRefusal(Track("gate", "--metric", "fautl"), "There is no metric 'fautl'", "Did you mean 'fault'?");

        LabExit seen =
            Track("acknowledge", "update", "p99", "--change", "2400", "--reason", "buys the fix of a leak, see \"decisions\"");
        Assert.True(seen.Code == 0, seen.Error);
        Assert.StartsWith("acknowledged: workqueue · memslot-churn on radix · update p99, +", seen.Out);
        Assert.Equal(0, Track("gate").Code);
        Assert.Contains("acknowledged", Track("show").Out);
        Assert.Contains("because", Track("show").Out);
        Assert.Contains("| buys the fix of a leak, see", Track("show", "--format", "markdown").Out);
        Assert.StartsWith("already acknowledged", Track("acknowledge", "update", "--change", "24", "--reason", "again").Out);
        Assert.Equal(2, File.ReadAllLines(_histories.Acknowledged).Length);
    }

    [Fact]
    public void A_better_level_is_no_regression_and_a_lower_rate_is_one()
    {
        _histories.Add(step: 20, change: -0.1);
        Assert.Equal(0, Track("gate").Code);
        _histories.Add(quantile: null, step: 20, change: -0.1, seed: 2);
        LabExit lab = Track("gate", "--format", "json");
        Assert.Equal(3, lab.Code);
        using JsonDocument json = JsonDocument.Parse(lab.Out);
        Assert.Equal(("regression", 3),
            (json.RootElement.GetProperty("verdict").GetString(), json.RootElement.GetProperty("exit_code").GetInt32()));
        Assert.Equal("rate",
            Assert.Single(json.RootElement.GetProperty("series").EnumerateArray()).GetProperty("quantile").GetString());
    }

    [Fact]
    public void Too_few_points_are_undecided_and_no_history_is_not_comparable()
    {
        Assert.Equal(7, Track("gate").Code);
        Assert.Contains("There is no history", Assert.Single(Track("show").ErrorLines));
        _histories.Add(count: 14, step: 7, change: 0.5);

        LabExit few = Track("gate");
        Assert.Equal(6, few.Code);
        Assert.Contains("Undecided: finding a change takes at least 15 points, and no series has more than 14.",
            few.Words);
        Assert.Contains("::warning title=Too few points::", Track("gate", "--format", "github").Out);

        _histories.Add(metric: "fault", seed: 2);
        Assert.Equal(0, Track("gate").Code);
        Assert.Contains("1 of them has fewer than the 15 points", Track("gate").Words);
    }

    [Fact]
    public void Another_machines_history_is_shown_but_not_judged_unless_asked_to()
    {
        _histories.Add(machine: "0123456789ab", step: 20);

        LabExit shown = Track("show");
        Assert.Equal(0, shown.Code);
        Assert.Contains("nothing was measured on this machine", Assert.Single(shown.ErrorLines));
        LabExit gate = Track("gate");
        Assert.Equal((7, ""), (gate.Code, gate.Out));
        Assert.Contains("there are: 0123456789ab; --machine names one", Assert.Single(gate.ErrorLines));
        Assert.StartsWith("::error title=Nothing to judge::", Track("gate", "--format", "github").Out);
        Assert.Equal(3, Track("gate", "--machine", "0123").Code);
        Assert.Equal(3, Track("gate", "--machine", "all").Code);
        Assert.Equal(7, Track("show", "--machine", "ffff").Code);

        _histories.Add(seed: 2);
        LabExit own = Track("gate");
        Assert.Equal(0, own.Code);
        Assert.Contains("1 other machine has series as well", own.Error);
    }

    [Fact]
    public void Annotations_are_escaped_as_the_workflow_wants_them()
    {
        _histories.Add(strategy: "my,own:one", step: 20);
        File.AppendAllText(_histories.Path, "half a row\n");

        string[] lines = Track("gate", "--format", "github").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.StartsWith("::warning file=", lines[0]);
        Assert.Contains("line=42,title=Damaged row::it has 1 cells, not the 12", lines[0]);
        Assert.Matches(
            @"^::error title=update p99 of my%2Cown%3Aone is slower%3A \+\d+\.\d %25::my,own:one · memslot-churn on radix · update p99: from .*\.%0Alab track culprit",
            lines[1]);
        Assert.StartsWith("::notice title=Performance history::1 regression is open", lines[2]);
    }

    [Theory]
    [InlineData("commit,machine,settings,strategy,workload,mmu,metric,quantile,unit,value,time_utc,run_id,host\n", 2,
        "line 1: the header is not 'commit,machine,")]
    [InlineData("commit,mach", 2, "line 1: the header is not 'commit,machine,")]
    [InlineData("", 7, "has no row; lab track add adds some")]
    [InlineData(
        "commit,machine,settings,strategy,workload,mmu,metric,quantile,unit,value,time_utc,run_id\nc,m,s,st,w,radix,update,0.99,ns,fast,x,r\n",
        7, "line 2: 'fast' is not 0 or a number from 10^-9 to 10^18, which column 'value' needs; it has no other row.")]
    public void A_file_that_is_no_history_is_named_with_the_line_and_what_was_expected(string content, int code, string why)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_histories.Path)!);
        File.WriteAllText(_histories.Path, content);
        foreach (string verb in (string[])["show", "gate", "culprit"])
        {
            LabExit lab = Track(verb);
            Assert.Equal((code, ""), (lab.Code, lab.Out));
            string line = Assert.Single(lab.ErrorLines);
            Assert.Contains(_histories.Path, line);
            Assert.Contains(why, line);
        }
    }

    [Fact]
    public void A_folder_is_no_history()
    {
        Directory.CreateDirectory(_histories.Path);
        foreach (string verb in (string[])["show", "gate", "culprit"])
        {
            BadInputTests.AssertRefusal(Track(verb), $"--history '{_histories.Path}' is a folder", "name the history's file");
        }
    }

    [Fact]
    public void A_gate_says_how_many_rows_it_is_without()
    {
        _histories.Add();
        string[] lines = File.ReadAllLines(_histories.Path);
        foreach (int row in (int[])[5, 6]) lines[row] = lines[row].Replace(",ns,", ",furlong,", StringComparison.Ordinal);
        File.WriteAllLines(_histories.Path, lines);
        foreach (string format in (string[])["table", "markdown", "github"])
        {
            Assert.Contains("No regression is open in 1 series. 2 rows were left out as damaged.",
                Track("gate", "--format", format).Words);
        }
        Assert.Contains("\"damaged_rows\": 2,", Track("gate", "--format", "json").Out);
        Assert.Contains("line 6: 'furlong' is not a unit", Track("gate").Error);
    }

    [Fact]
    public void A_hand_edited_row_is_a_note_and_the_others_are_judged()
    {
        _histories.Add(step: 20);
        string[] lines = File.ReadAllLines(_histories.Path);
        lines[5] = lines[5].Replace("0.99", "p99", StringComparison.Ordinal);
        File.WriteAllLines(_histories.Path, lines);

        LabExit lab = Track("gate");
        Assert.Equal(3, lab.Code);
        Assert.Contains("line 6: 'p99' is not a number from 0 to 1 or nothing", Assert.Single(lab.ErrorLines));
    }

    [Fact]
    public void An_acknowledgement_of_nothing_or_of_several_is_refused_with_what_there_is()
    {
        _histories.Add(step: 20);
        _histories.Add(quantile: 0.5, step: 20, seed: 2);
        _histories.Add(metric: "fault", seed: 3);

        TrackedHistories.AssertRefusal(Track("acknowledge", "workqueue", "--change", "24", "--reason", "x"),
            "names 2 series that change at 24000000", "update p50", "--all-series");
        TrackedHistories.AssertRefusal(Track("acknowledge", "update", "p99", "--change", "99", "--reason", "x"),
            "changes at '99'", "There are changes at 24000000");
        TrackedHistories.AssertRefusal(Track("acknowledge", "fault", "--change", "24", "--reason", "x"), "None has a change");
        TrackedHistories.AssertRefusal(Track("acknowledge", "update", "p99", "--change", "24"), "needs --reason");
        TrackedHistories.AssertRefusal(Track("acknowledge", "--change", "24", "--reason", "x"),
            "words that name the series, or --all-series");
        TrackedHistories.AssertRefusal(Track("acknowledge", "update", "--reason", "x"), "needs --change");
        Assert.False(File.Exists(_histories.Acknowledged));

        Assert.Equal(0, Track("acknowledge", "--all-series", "--change", "24", "--reason", "both are wanted").Code);
        Assert.Equal(3, File.ReadAllLines(_histories.Acknowledged).Length);
        Assert.Equal(0, Track("gate").Code);
    }

    [Fact]
    public void Since_asks_git_and_without_git_the_order_of_the_history()
    {
        _histories.Add(step: 20);
        Assert.Equal(3, Track("gate", "--since", TrackedHistories.Commit(19), "--repo", _histories.Beside("none")).Code);
        Assert.Equal(0, Track("gate", "--since", TrackedHistories.Commit(20)[..10], "--repo", _histories.Beside("none")).Code);
        TrackedHistories.AssertRefusal(Track("gate", "--since", "v1.0", "--repo", _histories.Beside("none")),
            "--since 'v1.0' is neither a commit of", "nor of the history");
    }

    [Fact]
    public void A_culprit_comes_with_the_commits_between_and_how_to_bisect_them()
    {
        IReadOnlyList<string> hashes = _histories.Repository(6);
        // Measured at the first and the last but one commit.
        _histories.Add(step: 20, commit: index => index < 20 ? hashes[1] : hashes[4]);
        string repository = _histories.Beside("repository");

        LabExit lab = Track("culprit", "--repo", repository);

        Assert.True(lab.Code == 0, lab.Error);
        Assert.Contains($"last good  {hashes[1]}", lab.Out);
        Assert.Contains($"first bad  {hashes[4]}", lab.Out);
        Assert.Contains("3 commits to suspect, oldest first:", lab.Out);
        Assert.Contains($"    {hashes[2][..10]} Change 2, by hand\n    {hashes[3][..10]} Change 3, by "
            + $"hand\n    {hashes[4][..10]} Change 4, by hand\n", lab.Out);
        Assert.Contains($"git bisect start {hashes[4]} \\\n      {hashes[1]}\n", lab.Out);
        Assert.Contains("git bisect run sh -c", lab.Out);
        Assert.All(lab.Out.Split('\n').Where(line => !line.StartsWith("the commits: ", StringComparison.Ordinal)),
            line => Assert.True(line.Length <= 80, line));
        Assert.Equal(3, Track("gate", "--since", hashes[3][..12], "--repo", repository).Code);
        Assert.Equal(0, Track("gate", "--since", hashes[4], "--repo", repository).Code);
    }

    [Fact]
    public void Without_git_both_ends_are_named_and_why_no_more_is()
    {
        _histories.Add(step: 20);
        LabExit lab = Track("culprit", "update", "--change", "24", "--repo", _histories.Beside("none"));
        Assert.Equal(0, lab.Code);
        Assert.Contains(TrackedHistories.Commit(19), lab.Out);
        Assert.Contains(TrackedHistories.Commit(20), lab.Out);
        Assert.Contains("The commits between are unknown: git does not know both", lab.Out);
        Assert.DoesNotContain("bisect", lab.Out);
        TrackedHistories.AssertRefusal(Track("culprit", "--change", "31"), "No series changes at '31'", "24000000");

        Track("acknowledge", "update", "--change", "24", "--reason", "x");
        Assert.Contains("No regression is open.", Track("culprit").Out);
    }

    [Fact]
    public void Track_without_a_verb_and_with_a_wrong_one_says_what_there_is()
    {
        using StringWriter output = new(), error = new();
        Assert.Equal(2, LabCommand.Run(["track"], new LabConsole(output, error, false, false)));
        Assert.Contains("add, show, gate, culprit, acknowledge", error.ToString());
        TrackedHistories.AssertRefusal(Track("gat"), "There is no verb 'gat'", "Did you mean 'gate'?");
        TrackedHistories.AssertRefusal(Track("gate", "--format", "csv"), "There is no --format value 'csv'", "github");
    }
}
