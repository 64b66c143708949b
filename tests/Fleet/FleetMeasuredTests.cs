using System.Text.Json.Nodes;
using Lab.Application.Fleet;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Fleet;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Fleet;

/// <summary>Comparisons and runs as units: what is gathered is what one machine leaves, and classes of machines stay
/// apart.</summary>
public sealed class FleetMeasuredTests : IDisposable
{
    private static readonly string[] Tiny = ["--duration", "300ms", "--warmup", "20ms", "--memory", "1MiB", "--watch", "off"];
    private readonly FleetPlans _plans = new();

    private string Out => Path.Combine(_plans.Root, "out");

    public void Dispose() => _plans.Dispose();

    [Fact]
    public void Blocks_gather_to_a_folder_that_is_reported_and_resumed()
    {
        string plan = _plans.Plan("plan", ["compare", "mainline", "workqueue", "--blocks", "2", "--unfit", .. Tiny]);
        Assert.Equal(0, FleetPlans.Work(plan, "1-2").Code);
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Out, "--format", "csv");
        Assert.True(gathered.Code is 0 or 5, gathered.Error);
        ComparisonFolder folder = ComparisonFolder.Open(Assert.Single(Directory.EnumerateDirectories(Out)));
        Assert.Equal((RunState.Complete, 2), (folder.Manifest.State, folder.Manifest.Blocks.Count));
        Assert.Equal(["lab", "compare", "mainline"], folder.Manifest.CommandLine.Take(3));
        Assert.DoesNotContain("-o", folder.Manifest.CommandLine);
        Assert.Equal(0, LabProcess.Run("report", folder.Path).Code);
        LabExit resumed = LabProcess.Run("compare", "--resume", folder.Path, "--blocks", "3");
        Assert.True(resumed.Code is 0 or 5, resumed.Error);
        Assert.Equal([1UL, 2UL, 3UL], ComparisonFolder.Open(folder.Path).Manifest.Blocks.Select(block => block.Seed));
    }

    [Fact]
    public void Classes_of_machines_are_never_pooled()
    {
        string plan = _plans.Plan("plan", ["compare", "mainline", "workqueue", "--blocks", "2", "--unfit", .. Tiny]);
        FleetPlans.Work(plan, "1-2");
        string result = Path.Combine(plan, "units", "0002", "result.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(result))!;
        json["machine"]!["class"] = "another";
        File.WriteAllText(result, json.ToJsonString());
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Out);
        Assert.Equal(2, Directory.EnumerateDirectories(Out).Count());
        Assert.All(Directory.EnumerateDirectories(Out), one => Assert.Single(ComparisonFolder.Open(one).Manifest.Blocks));
        Assert.Contains("2 classes of machines", gathered.Words);
        Assert.Contains("another", gathered.Out);
    }

    /// <summary>Machines of two classes, as their workers see them; on the second the arms have changed sides.</summary>
    [Fact]
    public void Each_class_has_its_verdict_and_where_they_disagree_is_said()
    {
        const int blocks = 10;
        string plan = _plans.Plan("plan", ["compare", "mainline", "mainline", "--inject", "900", "--turns", "off",
            "--blocks", $"{blocks}", "--class", "old,new", "--unfit", .. Tiny]);
        Assert.Equal(0, FleetPlans.Work(plan, $"1-{blocks}").Code);
        PlanFolder folder = PlanFolder.Open(plan);
        UnitResult[] measured = [.. Enumerable.Range(1, blocks).Select(folder.ReadWhole)];
        string aside = Path.Combine(_plans.Root, "aside");
        Directory.CreateDirectory(aside);
        for (int unit = 1; unit <= blocks; unit++) Directory.Move(folder.ResultFolder(unit), Path.Combine(aside, $"{unit}"));

        FleetHost here = FleetHost.Examine(measures: false);
        for (int unit = 1; unit <= 2 * blocks; unit++)
        {
            bool isNew = unit > blocks;
            FleetMachine machine = here.Machine with
                { Host = $"host{unit % 4}", Class = isNew ? "new" : "old", Microcode = isNew ? "0x2" : "0x1" };
            UnitWorker worker = new(folder, (asked, path, _, _) =>
            {
                FolderCopy.Of(Path.Combine(aside, $"{asked.Block}", "runs"), Path.Combine(path, "runs"));
                ComparisonBlock block = measured[asked.Block - 1].Block!;
                return new UnitAnswer(0)
                {
                    Block = !isNew ? block
                        : block with { Runs = [.. block.Runs.Select(run => run with { Arm = 1 - run.Arm })] },
                };
            }, _ => { }, _ => here with { Machine = machine });
            Assert.Equal(0, worker.Do(unit, anyway: true, TestContext.Current.CancellationToken));
        }
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Out);
        Assert.True(gathered.Code == 3, gathered.Out + gathered.Error);
        Assert.Contains("2 classes of machines disagree on", gathered.Words);
        Assert.Contains("slower on old", gathered.Words);
        Assert.Contains("microcode 0x2", gathered.Words);
        Assert.All(Directory.EnumerateDirectories(Out),
            one => Assert.Equal(blocks, ComparisonFolder.Open(one).Manifest.Blocks.Count));
    }

    /// <summary>By what the worker sees of its machine; another machine takes the unit.</summary>
    [Fact]
    public void A_machine_that_a_worker_finds_unfit_takes_no_more_and_another_does()
    {
        string plan = _plans.Plan("plan", ["run", "--strategy", "mainline", "--runs", "1", .. Tiny]);
        FleetHost here = FleetHost.Examine(measures: false);
        int done = 0;
        UnitWorker On(string host, params string[] unfit) => new(PlanFolder.Open(plan), (_, _, _, _) =>
        {
            done++;
            return new UnitAnswer(0) { Run = "run" };
        }, _ => { }, _ => new FleetHost(here.Machine with { Host = host }, unfit));
        foreach (string _ in (string[])["once", "twice"])
        {
            Assert.Equal(5, On("bad", "governor powersave").Do(1, anyway: true, TestContext.Current.CancellationToken));
        }
        Assert.Equal(5, On("bad").Do(1, anyway: true, TestContext.Current.CancellationToken));
        Assert.Contains("bad", (string)FleetPlans.Status(plan)["drained"]![0]!);
        Assert.Equal(0, done);
        Assert.Equal(0, On("good").Do(1, anyway: true, TestContext.Current.CancellationToken));
        Assert.Equal(1, done);
    }

    [Fact]
    public void An_arm_that_was_measured_before_is_compared_where_it_was_measured()
    {
        string before = Path.Combine(_plans.Root, "before");
        Assert.Equal(0, LabProcess.Run(["run", "--strategy", "mainline", "--runs", "2", "--out", before, .. Tiny]).Code);
        string run = new RunStore(before).Open("latest").Folder;
        string plan = _plans.Plan("plan", ["compare", run, "workqueue", "--blocks", "2", "--unfit", .. Tiny]);
        string anyway = _plans.Plan("anyway", ["compare", run, "workqueue", "--blocks", "1", "--unfit", "--anyway", .. Tiny]);
        Assert.Equal((0, 0), (FleetPlans.Work(plan, "1-2").Code, FleetPlans.Work(anyway, "1").Code));
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Out);
        Assert.True(gathered.Code is 0 or 3 or 5, gathered.Error);
        Assert.All(ComparisonFolder.Open(Assert.Single(Directory.EnumerateDirectories(Out))).Manifest.Blocks,
            block => Assert.Equal(1, Assert.Single(block.Runs).Arm));

        string manifest = Path.Combine(run, "manifest.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["machine"]!["cpu"] = "Another Processor";
        File.WriteAllText(manifest, json.ToJsonString());
        LabExit refused = LabProcess.Run("fleet", "gather", plan, "--out", Out);
        Assert.Equal(7, refused.Code);
        Assert.Contains("was measured on another machine: processor Another Processor, not", refused.Error);
        LabExit insisted = LabProcess.Run("fleet", "gather", anyway, "--out", Out);
        Assert.True(insisted.Code is 0 or 3 or 5, insisted.Error);
    }

    /// <summary>A first block, measured where the plan is made, says how long all runs are.</summary>
    [Fact]
    public void A_plan_for_the_tail_knows_how_long_runs_have_to_be()
    {
        string plan = Path.Combine(_plans.Root, "plan");
        LabExit planned = LabProcess.Run(["fleet", "plan", "compare", "mainline", "workqueue", "--blocks", "2", "--tail", "p90",
            "-o", plan, .. Tiny]);
        Assert.True(planned.Code == 0, planned.Error);
        Assert.Contains("each is measured for --duration", planned.Error);
        string[][] arguments = [.. PlanFolder.Open(plan).Plan.Comparison!.Arms.Select(arm => arm.Arguments.ToArray())];
        Assert.All(arguments, own => Assert.NotEqual("300ms", own[Array.LastIndexOf(own, "--duration") + 1]));
        Assert.Single(arguments.Select(own => own[Array.LastIndexOf(own, "--duration") + 1]).Distinct());
    }

    [Fact]
    public void Runs_gather_to_one_run_folder()
    {
        string plan = _plans.Plan("plan", ["run", "--strategy", "mainline", "--runs", "2", "--unfit", .. Tiny]);
        Assert.Equal(0, FleetPlans.Work(plan, "1-2").Code);
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", Out, "--format", "csv");
        Assert.True(gathered.Code == 0, gathered.Error);
        RunRecord run = new RunStore(Out).Open("latest");
        Assert.Equal((RunState.Complete, "2"), (run.State, run.Manifest.Settings["runs"]));
        Assert.Equal([1, 2], run.Manifest.Measurements.Select(one => one.Run));
        Assert.Equal([1, 2], run.Summary.Select(row => row.Run).Distinct().Order());
        Assert.Equal(0, LabProcess.Run("report", run.Folder).Code);
    }

    /// <summary>A machine that was found unfit twice takes no more; the unit is put off three times, and then counts as it
    /// is.</summary>
    [Fact]
    public void An_unfit_machine_puts_a_unit_off_and_not_for_ever()
    {
        string plan = _plans.Plan("plan", ["run", "--strategy", "mainline", "--runs", "1", .. Tiny]);
        Directory.CreateDirectory(Path.Combine(plan, "hosts"));
        File.WriteAllText(Path.Combine(plan, "hosts", $"{Environment.MachineName}.json"),
            $$"""{"host": "{{Environment.MachineName}}", "unfit_in_row": 2, "why": ["governor powersave"]}""");
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            LabExit off = FleetPlans.Work(plan, "1");
            Assert.Equal(5, off.Code);
            Assert.Contains("was unfit 2 times in a row and takes no more", off.Error);
        }
        JsonNode status = FleetPlans.Status(plan);
        Assert.Equal((1, 3), ((int)status["missing"]!, (int)status["open"]![0]!["attempts"]!));
        Assert.Contains("governor powersave", (string)status["drained"]![0]!);
        Assert.Equal(0, FleetPlans.Work(plan, "1").Code);
        Assert.Equal(1, (int)FleetPlans.Status(plan)["done"]!);
    }

    [Theory]
    [InlineData("mainline results", "There is no arm 'results'")]
    [InlineData("mainline workqueue --save-baseline x", "leave them out")]
    [InlineData("mainline", "needs two arms")]
    public void What_cannot_be_planned_is_said_in_a_line(string what, string complaint)
    {
        LabExit planned = LabProcess.Run(["fleet", "plan", "compare", .. what.Split(' '), "-o", Path.Combine(_plans.Root, "no")]);
        Assert.Equal(2, planned.Code);
        Assert.Contains(complaint, Assert.Single(planned.ErrorLines));
    }

    [Fact]
    public void Slurm_is_told_whole_nodes_classes_and_thousands()
    {
        string plan = _plans.Plan("plan", ["compare", "mainline", "workqueue", "--blocks", "600", "--class", "old,new", .. Tiny]);
        LabExit dry =
            LabProcess.Run("fleet", "submit", plan, "--engine", "slurm", "--dry-run", "--partition", "lab", "--jobs", "3");
        Assert.Equal(0, dry.Code);
        Assert.Equal(3, dry.Out.Split("#!/bin/bash\n").Length - 1);
        foreach (string line in (string[])["--array=1-600%3", "--array=601-1000%3", "--array=1-200%3", "--exclusive", "--requeue",
            "--constraint=old", "--constraint=new", "--partition=lab", "--signal=B:TERM@60"])
        {
            Assert.Contains($"#SBATCH {line}\n", dry.Out);
        }
        Assert.Contains("$((1000 + SLURM_ARRAY_TASK_ID))", dry.Out);
    }
}
