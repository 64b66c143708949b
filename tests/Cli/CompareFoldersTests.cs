using System.Text.Json;
using Lab.Tests.Measure;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Arms that were measured before: verdicts, exit codes, what is called out and what is left out.</summary>
public sealed class CompareFoldersTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private LabExit Compare(params string[] arguments) => LabHere.Run(["compare", .. arguments, "--out", _runs.Out]);

    private static double[] Around(double centre, int count = 10, double spread = 0.01, int seed = 1) =>
        new Simulated(seed).Runs(count, centre, spread);

    [Theory]
    [InlineData(1.1, "slower", 3)]
    [InlineData(0.9, "faster", 0)]
    [InlineData(1.0, "equivalent", 0)]
    public void Ten_runs_apart_have_a_verdict_and_its_exit_code(double change, string verdict, int code)
    {
        string a = _runs.Folder("runs", Around(1e6, seed: 1, spread: 0.005));
        string b = _runs.Folder("runs", Around(1e6 * change, seed: 2, spread: 0.005));

        LabExit lab = Compare(a, b, "--format", "csv");

        Assert.Equal(code, lab.Code);
        string[] p50 = lab.Out.Split('\n').Single(line => line.StartsWith("update,p50,", StringComparison.Ordinal)).Split(',');
        Assert.Equal(verdict, p50[11]);
        Assert.Equal("10", p50[10]);
        Assert.InRange(double.Parse(p50[7], System.Globalization.CultureInfo.InvariantCulture), change - 0.01, change + 0.01);
    }

    [Fact]
    public void What_ten_runs_cannot_tell_is_inconclusive_and_an_exit_code_of_its_own_when_asked_to_decide()
    {
        string a = _runs.Folder("runs", Around(1e6, spread: 0.06));
        string b = _runs.Folder("runs", Around(1.06e6, spread: 0.06, seed: 2));

        LabExit lab = Compare(a, b);
        Assert.Matches(" p50 .* inconclusive, ~[1-9][0-9]*", lab.Words);
        Assert.Equal(0, lab.Code);
        Assert.Equal(6, Compare(a, b, "--gate").Code);
    }

    [Fact]
    public void A_tail_of_too_few_samples_is_marked_with_what_it_would_take()
    {
        LabExit lab =
            Compare(_runs.Folder("runs", Around(1e6), samples: 5000), _runs.Folder("runs", Around(1.2e6), samples: 5000));

        Assert.Matches(@"p99 +3\.\d+ ms +3\.\d+ ms +1\.2\d* +– +– +–", lab.Out);
        Assert.Matches(@"– p99: 10,000 samples per run are needed, there are 5,000: --duration \d+s\.", lab.Out);
        // Fewer than ten samples lie beyond it: what no page shows is not compared either.
        Assert.Matches(@"p99\.9 +– +– +– +– +– +–", lab.Out);
        Assert.Matches("p90 .*slower", lab.Out);
    }

    [Fact]
    public void No_line_is_wider_than_eighty_columns()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("runs", Around(1.1e6));
        Assert.All(Compare(a, b).Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.All(Compare(a, b, "--format", "mmtests").Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void Arms_that_differ_in_more_than_the_strategy_are_called_out_before_any_number()
    {
        string a = _runs.Folder("runs", Around(1e6));
        string b = _runs.Folder("runs", Around(1e6), one => one with
        {
            Machine = one.Machine with { Kernel = "6.19.0", Cores = 4 },
            GitCommit = "1111111111111111",
            Settings = new Dictionary<string, string>(one.Settings) { ["vcpus"] = "8" },
        });

        LabExit lab = Compare(a, b);

        int numbers = lab.Words.IndexOf("p50", StringComparison.Ordinal);
        foreach (string difference in (string[])["THE ARMS DIFFER", "kernel: ", "6.19.0", "cores: ", "--vcpus: ", "commit: ",
            "1111111111"])
        {
            Assert.InRange(lab.Words.IndexOf(difference, StringComparison.Ordinal), 0, numbers);
        }
        Assert.Contains("differ in nothing else", Compare(a, _runs.Folder("runs", Around(1e6))).Out);
    }

    [Fact]
    public void Kernels_are_compared_when_asked_and_only_what_else_differs_is_called_out()
    {
        string a = _runs.Folders("old", Around(1e6), one => one with { Machine = one.Machine with { Kernel = "6.18.0" } });
        string b = _runs.Folders("new", Around(1e6, seed: 2),
            one => one with { Machine = one.Machine with { Kernel = "6.19.0" } });
        string c = _runs.Folders("tuned", Around(1e6, seed: 3), one => one with
            { Machine = one.Machine with { Kernel = "6.19.0" }, Settings = new Dictionary<string, string> { ["vcpus"] = "8" } });

        Assert.Contains("THE ARMS DIFFER IN MORE THAN THE STRATEGY:", Compare(a, b).Out);
        string kernels = Compare(a, b, "--subject", "kernel").Out;
        Assert.Contains("The kernel is compared: old 6.18.0 | new 6.19.0.\nThe arms differ in nothing else: ", kernels);
        string more = Compare(a, c, "--subject", "kernel").Out;
        Assert.Contains("THE ARMS DIFFER IN MORE THAN THE KERNEL:", more);
        Assert.Contains("--vcpus: ", more);
        Assert.DoesNotContain("- kernel: ", more);
        BadInputTests.AssertRefusal(
            Compare("mainline", "workqueue", "--subject", "kernel"), "all on this one", "name run folders");
    }

    [Theory]
    [InlineData("-5", "'-5' is not a number from 0 to 10^18, which column 'p50' needs")]
    [InlineData("0", "is not at most 'p50', which column 'min' needs")]
    [InlineData("", "'' is not a number from 0 to 10^18, which column 'p50' needs")]
    [InlineData("NaN", "'NaN' is not a number from 0 to 10^18, which column 'p50' needs")]
    [InlineData("1e12", "is not at least 'p50', which column 'p90' needs")]
    public void Impossible_latencies_are_left_out_with_file_and_line_and_the_others_count(string p50, string complaint)
    {
        string a = _runs.Folders("a", Around(1e6)), b = _runs.Folders("b", Around(1.2e6));
        string damaged = Path.Combine(Directory.EnumerateDirectories(b).Order().First(), "summary.csv");
        string[] lines = File.ReadAllLines(damaged);
        string[] cells = lines[1].Split(',');
        cells[10] = p50;
        lines[1] = string.Join(',', cells);
        File.WriteAllLines(damaged, lines);

        LabExit lab = Compare(a, b);

        Assert.Contains(damaged + "', line 2: ", lab.Words);
        Assert.Contains(complaint, lab.Words);
        Assert.Contains("10 runs of a, 9 runs of b", lab.Out);
        Assert.Equal(3, lab.Code);
    }

    [Fact]
    public void Damaged_empty_and_newer_folders_are_named_and_the_others_count()
    {
        string a = _runs.Folders("a", Around(1e6)), b = _runs.Folders("b", Around(1.2e6, count: 13));
        string[] folders = [.. Directory.EnumerateDirectories(b).Order()];
        File.Delete(Path.Combine(folders[0], "manifest.json"));
        string manifest = Path.Combine(folders[1], "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"schema_version\": 1", "\"schema_version\": 99"));
        string summary = Path.Combine(folders[2], "summary.csv");
        File.WriteAllText(summary, File.ReadAllText(summary)[..^40]);

        LabExit lab = Compare(a, b);

        Assert.Contains("10 runs of a, 10 runs of b", lab.Out);
        Assert.Contains("schema version 99 is not supported (this program reads up to 1)", lab.Words);
        Assert.Matches("summary.csv', line 3", lab.Words);
        Assert.Contains(folders[0], lab.Out);
        Assert.Equal(3, lab.Code);
    }

    [Theory]
    [InlineData("nope workqueue", "There is no arm 'nope'", "There are: ")]
    [InlineData("mainlin workqueue", "Did you mean 'mainline'?", "There are: ")]
    [InlineData("workqueue", "two arms or more", "--baseline NAME")]
    [InlineData("mainline workqueue --blocks 0", "--blocks '0'", "from 1 to 1000")]
    [InlineData("mainline workqueue --threshold -1", "--threshold '-1'", "such as 2%")]
    [InlineData("mainline workqueue --memory 3", "--memory '3'", "at least 1MiB")]
    [InlineData("mainline workqueue --format xml", "There is no --format value 'xml'", "table, mmtests, markdown, json, csv")]
    [InlineData("mainline workqueue --inject -3", "--inject '-3'", "such as 2%")]
    [InlineData("mainline workqueue --save-baseline ../x", "--save-baseline '../x'", "letters, digits")]
    [InlineData("--resume /nowhere", "There is no comparison folder '/nowhere'", "lab compare")]
    [InlineData("mainline workqueue --resume /nowhere", "--resume continues", "leave out arms")]
    public void Nonsense_is_refused_in_one_line_before_anything_is_written(string arguments, string complaint, string remedy)
    {
        BadInputTests.AssertRefusal(Compare(arguments.Split(' ')), complaint, remedy);
        Assert.False(Directory.Exists(_runs.Out));
    }

    [Fact]
    public void A_folder_without_runs_and_one_of_several_strategies_are_refused_with_what_to_write()
    {
        string a = _runs.Folder("runs", Around(1e6));
        Directory.CreateDirectory(_runs.Beside("empty"));
        BadInputTests.AssertRefusal(Compare(a, _runs.Beside("empty")), "holds no run; ", "expected a run folder");
        _runs.Folders("both", Around(1e6));
        string both = _runs.Folders("both", Around(1e6), strategy: "mainline");
        BadInputTests.AssertRefusal(Compare(a, both), "several strategies", "both@STRATEGY with one of: mainline, workqueue");
        Assert.Equal(0, Compare($"{both}@mainline", $"{both}@workqueue").Code);
        BadInputTests.AssertRefusal(Compare($"{both}@baseline", a), "has no runs of 'baseline'",
            "there are: mainline, workqueue");
    }

    [Fact]
    public void Of_several_strategies_the_other_arms_is_taken_and_that_is_said()
    {
        _runs.Folders("both", Around(1e6));
        string both = _runs.Folders("both", Around(1e6, seed: 2), strategy: "mainline");
        string one = _runs.Folder("one", Around(1e6, seed: 3), strategy: "mainline");

        LabExit lab = Compare($"{one}@mainline", both);

        Assert.Equal(0, lab.Code);
        Assert.Contains("note: 'both' has runs of mainline, workqueue; those of mainline are compared, as of the other arm.",
            lab.ErrorLines);
    }

    [Fact]
    public void Turns_which_a_comparison_hands_out_itself_are_no_difference_but_how_it_was_measured()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("runs", Around(1e6, seed: 2), one => one with
            { Settings = new Dictionary<string, string>(one.Settings) { ["turns"] = "50ms" } });

        LabExit lab = Compare(a, b);

        Assert.DoesNotContain("THE ARMS DIFFER", lab.Out);
        Assert.Matches(@"Measured apart, not interleaved: 10 runs of \S+, 10 runs of \S+ in turns of 50ms\.", lab.Words);
    }

    [Fact]
    public void What_cannot_be_read_of_an_arm_is_the_complaint_and_nothing_contradicts_it()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("other", Around(1e6));
        string summary = Path.Combine(b, "summary.csv");
        File.WriteAllText(summary, File.ReadAllText(summary).Replace(",ns,", ",furlong,", StringComparison.Ordinal));
        BadInputTests.AssertRefusal(
            Compare(a, b), $"'{summary}', line 2: 'furlong' is not 'ns'", "left out, and there is no other run in");
        File.Delete(Path.Combine(_runs.Folder("other", Around(1e6)), "summary.csv"));
        LabExit two = Compare(a, _runs.Beside("other"));
        Assert.Equal(2, two.Code);
        Assert.Contains("and no other run can be compared either in", two.ErrorLines[^1]);
        Assert.DoesNotContain("can be read", two.Error);
    }

    [Fact]
    public void A_run_is_not_compared_with_itself_under_whatever_name()
    {
        string a = _runs.Folder("runs", Around(1e6)), copy = _runs.Beside("copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(a)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        foreach (string other in (string[])[a, copy, _runs.Beside("runs"), $"{a}@workqueue"])
        {
            BadInputTests.AssertRefusal(
                Compare(a, other), $"Run {Path.GetFileName(a)} of workqueue is in two arms", "measured apart");
        }
    }

    [Fact]
    public void Where_nothing_could_be_tested_that_is_said_and_an_exit_code_of_its_own()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("other", Around(1e6));
        foreach (string file in Directory.EnumerateFiles(b))
        {
            File.WriteAllText(file, File.ReadAllText(file).Replace("memslot-churn", "last-put", StringComparison.Ordinal));
        }
        LabExit lab = Compare(a, b);
        Assert.Equal(5, lab.Code);
        Assert.Equal(6, Compare(a, b, "--gate").Code);
        Assert.Contains("lab: nothing was compared: the arms have no workload, MMU and metric in common.", lab.Error);
    }

    [Fact]
    public void A_missing_baseline_and_one_of_another_machine_are_an_exit_code_of_their_own()
    {
        string candidate = _runs.Folder("runs", Around(1.2e6));
        _runs.Folders("baselines/here", Around(1e6));
        _runs.Folders("baselines/there", Around(1e6),
            one => one with { Machine = one.Machine with { Cpu = "Another CPU", Cores = 64 } });

        LabExit missing = Compare("--baseline", "her", candidate);
        Assert.Equal((7, ""), (missing.Code, missing.Out));
        Assert.Contains("There is no baseline 'her'", Assert.Single(missing.ErrorLines));
        Assert.Contains("Did you mean 'here'? There are: here, there.", missing.Error);

        LabExit stranger = Compare("--baseline", "there", candidate);
        Assert.Equal((7, ""), (stranger.Code, stranger.Out));
        Assert.Contains("processor Another CPU, not Example CPU @ 2.80GHz; cores 64, not 2; --anyway",
            Assert.Single(stranger.ErrorLines));

        Assert.Equal(3, Compare("--baseline", "there", candidate, "--anyway").Code);
        Assert.Equal(3, Compare("--baseline", "here", candidate).Code);
        Assert.Equal(7, Compare("--baseline", "here", "workqueue", "--blocks", "1").Code); // made up elsewhere: not this machine
    }

    [Fact]
    public void Two_folders_of_100_runs_take_less_than_three_seconds()
    {
        string a = _runs.Folders("a", Around(1e6, count: 100)), b = _runs.Folders("b", Around(1e6, count: 100, seed: 2));
        _ = Compare(a, a); // compiles

        LabExit? lab = null;
        TimeSpan took = CoreTime.Of(() => lab = Compare(a, b));

        Assert.Contains("100 runs of a, 100 runs of b", lab!.Out);
        Assert.InRange(took.TotalSeconds, 0, 3);
    }

    [Fact]
    public void Json_and_csv_have_the_agreed_fields_and_say_the_same()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("runs", Around(1.1e6));
        string[] fields = ["metric", "quantile", "unit", "arm_a", "arm_b", "value_a", "value_b", "ratio", "low", "high", "runs",
            "verdict", "more_blocks"];

        string[] csv = Compare(a, b, "--format", "csv").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using JsonDocument json = JsonDocument.Parse(Compare(a, b, "--format", "json").Out);

        Assert.Equal(fields, csv[0].Split(',').Take(fields.Length));
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(csv.Length - 1, rows.Length);
        Assert.All(rows, row => Assert.Equal(fields, row.EnumerateObject().Select(field => field.Name).Take(fields.Length)));
        Assert.Equal(csv.Skip(1).Select(line => line.Split(',')[11]),
            rows.Select(row => row.GetProperty("verdict").GetString()!));
        Assert.Equal(5, json.RootElement.GetProperty("family_size").GetInt32());
    }

    [Fact]
    public void Markdown_is_a_table_and_mmtests_stars_what_is_significant()
    {
        string a = _runs.Folder("runs", Around(1e6)), b = _runs.Folder("runs", Around(1.2e6));

        string[] rows = [.. Compare(a, b, "--format", "markdown").Out.Split('\n').Where(line => line.StartsWith('|'))];
        Assert.All(rows, row => Assert.Equal(8, row.Count(c => c == '|')));
        Assert.Matches(@"^\| p50 +\|.*\| slower +\|$", rows[2]);

        string[] mmtests = Compare(a, b, "--format", "mmtests").Out.Split('\n');
        Assert.Contains(mmtests, line => System.Text.RegularExpressions.Regex.IsMatch(line,
            @"^Min +update +\d+\.\d\d \( +0\.00%\) +\d+\.\d\d \( *-\d+\.\d\d%\)$"));
        Assert.Contains(mmtests,
            line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^P50 +update .*\( -[12]\d\.\d\d%\)\*$"));
        Assert.All(["Amean", "Stddev", "CoeffVar", "P99.9", "Max", "Rate"],
            name => Assert.Contains(mmtests, line => line.StartsWith(name + " ", StringComparison.Ordinal)));
    }
}
