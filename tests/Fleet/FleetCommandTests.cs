using System.Text.Json.Nodes;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Fleet;

/// <summary>What <c>lab fleet</c> says of how it is used, and of folders that are not as they were left.</summary>
public sealed class FleetCommandTests : IDisposable
{
    private static readonly string[] Tiny = ["--duration", "300ms", "--warmup", "20ms", "--memory", "1MiB", "--watch", "off"];
    private readonly FleetPlans _plans = new();

    public void Dispose() => _plans.Dispose();

    [Theory]
    [InlineData("fleet work --help", "Usage: lab fleet work [plan] [unit …] [options]")]
    [InlineData("fleet work -h", "Usage: lab fleet work [plan] [unit …] [options]")]
    [InlineData("fleet status --help", "Usage: lab fleet status [plan] [options]")]
    [InlineData("fleet gather --help", "Usage: lab fleet gather [plan] [options]")]
    [InlineData("fleet submit --help", "Usage: lab fleet submit [plan] [options]")]
    [InlineData("fleet plan compare --help", "Usage: lab fleet plan compare [arms …] [options]")]
    public void Help_is_there_without_what_the_verb_needs(string line, string usage)
    {
        LabExit help = LabProcess.Run(line.Split(' '));
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains($"{usage}\n", help.Out);
    }

    [Fact]
    public void What_is_wrong_beside_a_question_for_help_is_said_all_the_same() =>
        Assert.Equal(2, LabProcess.Run("fleet", "status", "plan", "--nonsense", "--help").Code);

    [Fact]
    public void Help_of_planning_names_what_a_plan_takes_and_nothing_else()
    {
        string help = LabProcess.Run("fleet", "plan", "compare", "--help").Out;
        Assert.Contains("\n--plan, -o ", help);
        Assert.Contains("\n--tail ", help);
        foreach (string unused in (string[])["--resume", "--save-baseline", "--kernel", "--processor", "--format"])
        {
            Assert.DoesNotContain($"\n{unused} ", help);
        }
    }

    [Theory]
    [InlineData("", "unit '' is not a number, or a range such as 5-9.")]
    [InlineData("1,", "unit '' is not a number, or a range such as 5-9.")]
    [InlineData("2-1", "unit '2-1' ends before it begins; write 1-2.")]
    [InlineData("3", "unit '3' is not a whole number from 1 to 2")]
    public void Units_that_are_none_are_refused(string unit, string complaint)
    {
        string plan = _plans.Plan("plan", ["run", "--strategy", "mainline", "--runs", "2"]);
        LabExit worked = FleetPlans.Work(plan, unit);
        Assert.Equal(2, worked.Code);
        Assert.Contains(complaint, Assert.Single(worked.ErrorLines));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(plan, "units")));
    }

    [Theory]
    [InlineData("compare mainline workqueue --kernel / --kernel /", "--kernel is of two kernels in guests")]
    [InlineData("compare mainline workqueue --format csv", "--format is of what is printed and left")]
    [InlineData("run --strategy mainline --format csv --out zz", "is of what is printed and left, which 'lab fleet gather' does")]
    [InlineData("run --strategy mainline --figures off", "--figures is of what is printed and left")]
    [InlineData("explore --program fib --size 4 --format json", "--format is of what is printed and left")]
    public void What_a_plan_has_no_use_for_is_refused(string what, string complaint)
    {
        string plan = Path.Combine(_plans.Root, "no");
        LabExit planned = LabProcess.Run(["fleet", "plan", .. what.Split(' '), "-o", plan]);
        Assert.Equal(2, planned.Code);
        Assert.Contains(complaint, Assert.Single(planned.ErrorLines).Replace($"dotnet {LabProcess.Program}", "lab"));
        Assert.False(Directory.Exists(plan));
    }

    [Theory]
    [InlineData("-o")]
    [InlineData("--plan")]
    public void A_folder_that_cannot_be_is_named_by_the_option_that_was_given(string option)
    {
        LabExit planned = LabProcess.Run("fleet", "plan", "run", "--strategy", "mainline", option, "/proc/x");
        Assert.Equal(2, planned.Code);
        Assert.Contains($"choose another folder with {option}.", Assert.Single(planned.ErrorLines));
    }

    [Theory]
    [InlineData("copied", "is of unit 1; expected 2")]
    [InlineData("bare", "is missing; expected a file")]
    [InlineData("empty", "is not JSON from here on")]
    [InlineData("gone", "is missing; expected a file")]
    [InlineData("code", "says exit code 4, which is not what was found; expected 0")]
    public void Status_counts_no_unit_that_gather_does_not(string damage, string expected)
    {
        string plan = _plans.Plan("plan", ["explore", "--program", "fib", "--size", "4", "--shards", "4"]);
        FleetPlans.Work(plan, "1-4");
        string first = Path.Combine(plan, "units", "0001"), second = Path.Combine(plan, "units", "0002");
        string result = Path.Combine(second, "result.json");
        switch (damage)
        {
            case "copied":
                Directory.Delete(second, recursive: true);
                FolderCopy.Of(first, second);
                break;
            case "bare":
                Directory.Delete(second, recursive: true);
                Directory.CreateDirectory(second);
                break;
            case "empty": File.WriteAllText(result, ""); break;
            case "gone": File.Delete(result); break;
            default: FleetPlans.Edit(result, "exit_code", 4); break;
        }
        JsonNode status = FleetPlans.Status(plan);
        Assert.Equal((3, 1, 0.75), ((int)status["done"]!, (int)status["damaged"]!, (double)status["share"]!));
        string problem = (string)Assert.Single(status["problems"]!.AsArray())!;
        Assert.StartsWith($"unit 2: '{result}'", problem);
        Assert.Contains(expected, problem);
        Assert.Equal("damaged", (string)status["open"]![0]!["state"]!);
        string told = LabProcess.Run("fleet", "status", plan).Words;
        Assert.Contains("3 of 4 shards done (75 %), 0 running, 0 failed, 0 missing, 1 damaged", told);
        (int code, _, string error) = FleetPlans.Gather(plan);
        Assert.Equal(8, code);
        Assert.Contains(expected, error);
        Assert.Equal(0, LabProcess.Run("fleet", "submit", plan, "--wait").Code);
        Assert.Equal(4, (int)FleetPlans.Status(plan)["done"]!);
        Assert.Equal(0, FleetPlans.Gather(plan).Code);
    }

    [Theory]
    [InlineData("run --strategy mainline --runs 1")]
    [InlineData("compare mainline workqueue --blocks 1")]
    public void An_exit_code_that_the_run_folder_does_not_bear_out_is_named(string what)
    {
        string plan = _plans.Plan("plan", [.. what.Split(' '), "--unfit", .. Tiny]);
        Assert.Equal(0, FleetPlans.Work(plan, "1").Code);
        string result = Path.Combine(plan, "units", "0001", "result.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(result))!;
        json["exit_code"] = 4;
        if (json["block"] is { } block) block["runs"]![0]!["exit_code"] = 4;
        File.WriteAllText(result, json.ToJsonString());
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Path.Combine(_plans.Root, "out"));
        Assert.Contains($"note: unit 1: '{result}': says exit code 4, which is not what was found; expected 0 or 5 by run '",
            gathered.Error);
        Assert.Equal([1], PlanFolder.Open(plan).List().Where(unit => unit.State == UnitState.Done).Select(unit => unit.Number));
        Assert.Throws<RunDamagedException>(() => PlanFolder.Open(plan).ReadWhole(1));
    }

    /// <summary>It says what was asked for, not what was found.</summary>
    [Fact]
    public void The_file_of_a_unit_that_is_done_is_verified_too()
    {
        string plan = _plans.Plan("plan", ["explore", "--program", "fib", "--size", "4", "--shards", "4"]);
        FleetPlans.Work(plan, "1-4");
        File.AppendAllText(Path.Combine(plan, "units", "0001.json"), "\n");
        (int code, JsonNode found, string error) = FleetPlans.Gather(plan);
        Assert.Equal((0, 4), (code, (int)found["done"]!));
        const string changed = "is not unit 1 as it was planned; expected SHA-256";
        Assert.Contains(changed, error);
        Assert.Contains(changed, (string)Assert.Single(found["problems"]!.AsArray())!);
        Assert.Contains(changed, (string)Assert.Single(FleetPlans.Status(plan)["problems"]!.AsArray())!);
    }

    /// <summary>Its child measures for ten minutes, and ends before the test does.</summary>
    [Fact]
    public void What_a_killed_worker_measured_ends_with_it()
    {
        string plan = _plans.Plan("plan", ["run", "--strategy", "mainline", "--runs", "1", "--unfit", "--duration", "10m",
            "--warmup", "20ms", "--memory", "1MiB", "--watch", "off"]);
        using LabProcess lab = LabProcess.Start("fleet", "work", plan, "1");
        int Child() => Directory.EnumerateFiles(plan, "manifest.json", SearchOption.AllDirectories)
            .Select(file => (int)JsonNode.Parse(File.ReadAllText(file))!["process"]!["pid"]!).FirstOrDefault();
        Assert.True(SpinWait.SpinUntil(() => Child() != 0, TimeSpan.FromMinutes(2)), lab.Error);
        int child = Child();
        Assert.True(Directory.Exists($"/proc/{child}"));
        lab.KillNow();
        lab.End();
        Assert.True(SpinWait.SpinUntil(() => IsGone(child), TimeSpan.FromMinutes(1)), $"{child} measures on");
    }

    /// <summary>A dead process that nobody has asked about yet is gone all the same.</summary>
    private static bool IsGone(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }
}
