using System.Text.Json.Nodes;
using Lab.Results.Fleet;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Fleet;

/// <summary>Explorations in shards by the files' contract alone: whatever happens to a worker, nothing is lost and nothing counts
/// twice.</summary>
public sealed class FleetShardsTests : IDisposable
{
    private static readonly string[] Broken = ["--program", "peterson", "--size", "2", "--model", "tso"];
    private static readonly string[] Sound = ["--program", "fib", "--size", "4"];
    private readonly FleetPlans _plans = new();

    public void Dispose() => _plans.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Shards_gather_to_what_one_machine_finds(bool isBroken)
    {
        string[] program = isBroken ? Broken : Sound;
        string plan = _plans.Plan("plan", ["explore", .. program, "--shards", "64"]);
        Assert.Equal(0, FleetPlans.Work(plan, "1-64").Code);
        FleetPlans.AssertIsWhole(plan, program);
    }

    [Fact]
    public void Two_plans_at_once_are_two_plans()
    {
        string one = _plans.Plan("one", ["explore", .. Sound, "--shards", "16"]);
        string two = _plans.Plan("two", ["explore", .. Broken, "--shards", "16"]);
        using LabProcess first = LabProcess.Start("fleet", "submit", one, "--wait", "--jobs", "2");
        LabExit second = LabProcess.Run("fleet", "submit", two, "--wait", "--jobs", "2");
        Assert.Equal((0, 0), (first.End().Code, second.Code));
        FleetPlans.AssertIsWhole(one, Sound);
        FleetPlans.AssertIsWhole(two, Broken);
    }

    [Fact]
    public void While_a_unit_is_missing_the_plan_is_incomplete_and_says_which()
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "8"]);
        FleetPlans.Work(plan, "1-3", "5", "7,8");
        (int code, JsonNode found, string error) = FleetPlans.Gather(plan);
        Assert.Equal(8, code);
        Assert.Contains("incomplete: 2 units of 8 without an answer: 4,6", error);
        Assert.Equal([4, 6], found["missing"]!.AsArray().Select(one => (int)one!));
        Assert.False((bool)found["complete"]!);
        JsonNode status = FleetPlans.Status(plan);
        Assert.Equal((6, 2, 0), ((int)status["done"]!, (int)status["missing"]!, (int)status["failed"]!));
        FleetPlans.Work(plan, "4-6");
        FleetPlans.AssertIsWhole(plan, Sound);
    }

    [Fact]
    public void A_unit_that_is_done_twice_counts_once()
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "4"]);
        using LabProcess one = LabProcess.Start("fleet", "work", plan, "1-4");
        using LabProcess two = LabProcess.Start("fleet", "work", plan, "1-4");
        LabExit first = one.End(), second = two.End();
        Assert.True((first.Code, second.Code) == (0, 0), first.Error + second.Error);
        LabExit again = FleetPlans.Work(plan, "2");
        Assert.Equal(0, again.Code);
        Assert.Contains("unit 2 is done already.", again.Error);
        FleetPlans.AssertIsWhole(plan, Sound);
        Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(plan, "units")), one => one.Contains(".tmp."));
    }

    [Fact]
    public void A_killed_worker_leaves_nothing_that_counts()
    {
        string[] program = ["--program", "fib", "--size", "6"];
        string plan = _plans.Plan("plan", ["explore", .. program, "--shards", "1"]);
        using (LabProcess lab = LabProcess.Start("fleet", "work", plan, "1"))
        {
            Assert.True(SpinWait.SpinUntil(() => Directory.EnumerateFiles(plan, "claim.json", SearchOption.AllDirectories).Any(),
                TimeSpan.FromMinutes(2)), lab.Error);
            lab.KillNow();
            lab.End();
        }
        Assert.Equal((1, 0), ((int)FleetPlans.Status(plan)["missing"]!, (int)FleetPlans.Status(plan)["done"]!));
        Assert.Equal(8, FleetPlans.Gather(plan).Code);
        Assert.Equal(0, FleetPlans.Work(plan, "1").Code);
        FleetPlans.AssertIsWhole(plan, program);
        Assert.Equal(["0001"], Directory.EnumerateDirectories(Path.Combine(plan, "units")).Select(Path.GetFileName));
    }

    /// <summary>A file that may not grow fails as one on a full disk.</summary>
    [Fact]
    public void A_full_disk_costs_that_unit_only()
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "4"]);
        LabExit full = LabProcess.RunIn("trap '' XFSZ; ulimit -f 0; exec \"$@\"", "fleet", "work", plan, "2");
        Assert.Equal(2, full.Code);
        Assert.Contains("Cannot write results", full.Error);
        FleetPlans.Work(plan, "1", "3-4");
        Assert.Equal(8, FleetPlans.Gather(plan).Code);
        Assert.Equal(0, FleetPlans.Work(plan, "2").Code);
        FleetPlans.AssertIsWhole(plan, Sound);
    }

    [Theory]
    [InlineData("cut", "is not JSON from here on")]
    [InlineData("missing", "is missing; expected a file")]
    [InlineData("newer", "schema version 2 is not supported (this program reads up to 1)")]
    [InlineData("foreign", "belongs to plan other; expected")]
    [InlineData("changed", "is not unit 2 as it was planned; expected SHA-256")]
    public void A_damaged_unit_is_named_and_the_others_gather(string damage, string expected)
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "4"]);
        string unit = Path.Combine(plan, "units", "0002.json");
        switch (damage)
        {
            case "cut": File.WriteAllText(unit, File.ReadAllText(unit)[..40]); break;
            case "missing": File.Delete(unit); break;
            case "newer": FleetPlans.Edit(unit, "schema_version", 2); break;
            case "foreign": FleetPlans.Edit(unit, "plan", "other"); break;
            default: FleetPlans.Edit(unit, "seed", 7); break;
        }
        LabExit worked = FleetPlans.Work(plan, "1-4");
        Assert.Equal(2, worked.Code);
        Assert.Contains(expected, worked.Error);
        (int code, JsonNode found, string error) = FleetPlans.Gather(plan);
        Assert.Equal((8, 3), (code, (int)found["done"]!));
        Assert.Contains($"note: unit 2: '{unit}'", error);
        Assert.Contains(expected, error);
    }

    [Theory]
    [InlineData("cut", "is not JSON from here on")]
    [InlineData("newer", "schema version 2 is not supported")]
    [InlineData("foreign", "belongs to plan other; expected")]
    [InlineData("another", "is of unit 3; expected 2")]
    [InlineData("log", "has been changed; expected SHA-256")]
    public void A_damaged_result_is_named_and_done_again(string damage, string expected)
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "4"]);
        FleetPlans.Work(plan, "1-4");
        string folder = Path.Combine(plan, "units", "0002"), result = Path.Combine(folder, "result.json");
        switch (damage)
        {
            case "cut": File.WriteAllText(result, File.ReadAllText(result)[..60]); break;
            case "newer": FleetPlans.Edit(result, "schema_version", 2); break;
            case "foreign": FleetPlans.Edit(result, "plan", "other"); break;
            case "another": FleetPlans.Edit(result, "unit", 3); break;
            default: File.AppendAllText(Path.Combine(folder, "log.txt"), "more"); break;
        }
        (int code, JsonNode found, string error) = FleetPlans.Gather(plan);
        Assert.Equal((8, 3), (code, (int)found["done"]!));
        Assert.Contains("note: unit 2: ", error);
        Assert.Contains(expected, error);
        Assert.Contains("unit 2 is done again", FleetPlans.Work(plan, "2").Error);
        FleetPlans.AssertIsWhole(plan, Sound);
    }

    [Fact]
    public void Another_build_is_refused_unless_somebody_insists()
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--shards", "2"]);
        FleetPlans.Edit(Path.Combine(plan, "plan.json"), "build", "another");
        LabExit refused = FleetPlans.Work(plan, "1");
        Assert.Equal(2, refused.Code);
        Assert.Contains("was made by build another", refused.Error);
        Assert.Contains("insist with --anyway", refused.Error);
        Assert.Equal(0, FleetPlans.Work(plan, "1-2", "--anyway").Code);
        FleetPlans.AssertIsWhole(plan, Sound);
    }

    [Fact]
    public void An_input_that_has_changed_is_refused()
    {
        string scenario = Path.Combine(_plans.Root, "mine.scenario");
        File.Copy(Path.Combine(LabProcess.Checkout, "strategies", "roots", "scenarios", "fast-zap-unmap.scenario"), scenario);
        string plan = _plans.Plan("plan", "explore", "--strategy", "mainline", "--scenario", scenario);
        File.AppendAllText(scenario, "\n");
        LabExit refused = FleetPlans.Work(plan, "1");
        Assert.Equal(2, refused.Code);
        Assert.Contains("which is not as it was planned", refused.Error);
    }

    /// <summary>Each in a process of its own: states of different processes are one set.</summary>
    [Theory]
    [InlineData(0, "--strategy mainline,workqueue --scenario fast-zap-unmap,fast-zap-put", "--shards 12")]
    [InlineData(0, "--strategy mainline --scenario fast-zap-put --model tso", "--shards 7")]
    [InlineData(4, "--strategy async-put --scenario fast-zap-toggle --search exhaustive", "--shards 4")]
    public void Parts_of_a_strategys_search_gather_to_the_search(int expected, string what, string shards)
    {
        string plan = _plans.Plan("plan", ["explore", .. what.Split(' '), .. shards.Split(' ')]);
        int count = int.Parse(shards.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        for (int unit = 1; unit <= count; unit++) Assert.Equal(0, FleetPlans.Work(plan, $"{unit}").Code);
        FleetPlans.AssertIsTheSearch(plan, what, expected);
    }

    /// <summary>A plan that has learnt something while its units were done: they are void, and done again.</summary>
    [Fact]
    public void A_part_that_did_not_know_what_others_have_taught_is_done_again()
    {
        string what = "--strategy mainline --scenario fast-zap-put", result = Path.Combine("units", "0002", "result.json");
        string plan = _plans.Plan("plan", ["explore", .. what.Split(' '), "--shards", "3"]);
        FleetPlans.Work(plan, "1-3");
        JsonNode learnt = JsonNode.Parse(File.ReadAllText(Path.Combine(plan, result)))!["explored"]![0]!["part"]!["learnt"]!;
        Directory.CreateDirectory(Path.Combine(plan, "learnt"));
        File.WriteAllText(Path.Combine(plan, "learnt", "0000.json"), learnt.ToJsonString());
        Assert.Equal((8, 3), (FleetPlans.Gather(plan).Code, (int)FleetPlans.Status(plan)["missing"]!));
        LabExit again = FleetPlans.Work(plan, "2");
        Assert.Contains("unit 2 is done again: other parts of the search have taught what it did not know.", again.Error);
        Assert.Equal((8, 2), (FleetPlans.Gather(plan).Code, (int)FleetPlans.Status(plan)["missing"]!));
        LabExit submitted = LabProcess.Run("fleet", "submit", plan, "--wait");
        Assert.True(submitted.Code == 0, submitted.Error);
        FleetPlans.AssertIsTheSearch(plan, what, 0);
        Assert.DoesNotContain(Directory.EnumerateDirectories(Path.Combine(plan, "units")), one => one.Contains(".tmp."));
    }

    /// <summary>Two parts of which each saw half of what makes a word shared.</summary>
    [Fact]
    public void What_parts_show_only_together_is_learnt_when_they_are_gathered()
    {
        string what = "--strategy mainline --scenario fast-zap-put";
        string plan = _plans.Plan("plan", ["explore", .. what.Split(' '), "--shards", "2"]);
        FleetPlans.Work(plan, "1-2");
        foreach (int unit in (int[])[1, 2])
        {
            string result = Path.Combine(plan, "units", $"000{unit}", "result.json");
            JsonNode json = JsonNode.Parse(File.ReadAllText(result))!;
            JsonNode word = json["explored"]![0]!["part"]!["learnt"]!["words"]!.AsArray().First(one => !(bool)one!["shared"]!)!;
            (word["agents"], word["written"], word["read_locks"], word["write_locks"]) = ($"{unit}", true, "0", "0");
            File.WriteAllText(result, json.ToJsonString());
        }
        (int code, _, string error) = FleetPlans.Gather(plan);
        Assert.Equal(8, code);
        Assert.Contains("2 units of 1 exploration must be done again: together they show that threads share more than each of "
            + "them knew (1-2)", error);
        Assert.Equal(0, FleetPlans.Work(plan, "1-2").Code);
        (code, JsonNode found, error) = FleetPlans.Gather(plan);
        Assert.True(code == 0, error);
        Assert.True((bool)found["complete"]!);
    }

    [Fact]
    public void States_that_have_been_changed_are_seen()
    {
        string plan = _plans.Plan("plan", "explore", "--strategy", "mainline", "--scenario", "fast-zap-put", "--shards", "2");
        FleetPlans.Work(plan, "1-2");
        string states = Path.Combine(plan, "units", "0001", "states.u64");
        File.WriteAllBytes(states, File.ReadAllBytes(states)[..^1]);
        (int code, _, string error) = FleetPlans.Gather(plan);
        Assert.Equal(8, code);
        Assert.Contains($"'{states}': has been changed; expected SHA-256", error);
    }

    [Fact]
    public void A_random_search_keeps_its_number_of_executions()
    {
        string plan = _plans.Plan("plan", ["explore", .. Sound, "--search", "random", "--executions", "1001", "--shards", "5"]);
        FleetPlans.Work(plan, "1-5");
        (int code, JsonNode found, _) = FleetPlans.Gather(plan);
        Assert.Equal((0, 1001), (code, (int)found["executions"]!));
        Assert.Equal(5, Enumerable.Range(1, 5).Select(unit => (string)JsonNode.Parse(File.ReadAllText(
            Path.Combine(plan, "units", $"000{unit}.json")))!["seed"]!.ToString()).Distinct().Count());
    }

    [Fact]
    public void Ten_thousand_units_are_planned_listed_and_gathered_in_seconds()
    {
        string path = Path.Combine(_plans.Root, "many");
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        PlanFolder plan = PlanFolder.Create(path, new FleetPlan { Kind = UnitKind.Shard, Build = "x", TimeoutS = 60,
            CreatedUtc = DateTimeOffset.UtcNow }, [.. Enumerable.Repeat(new FleetUnit { Kind = UnitKind.Shard }, 10_000)]);
        plan = PlanFolder.Open(plan.Path);
        Assert.Equal(10_000, plan.List().Count(unit => unit.State == UnitState.Missing));
        Assert.Equal(10_000, Enumerable.Range(1, 10_000).Select(plan.ReadUnit).Select(unit => unit.Number).Distinct().Count());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("--program readers --shards 0", "--shards '0'")]
    [InlineData("--program readers --executions 5", "--executions ends a search somewhere")]
    [InlineData("--program readers --model lkmm", "--model lkmm has no schedules, so that its search is not cut into parts")]
    [InlineData("--program raeders", "There is no program 'raeders'")]
    [InlineData("--program readers --timeout never", "--timeout 'never'")]
    public void What_cannot_be_planned_is_said_in_a_line(string what, string complaint)
    {
        LabExit planned = LabProcess.Run(["fleet", "plan", "explore", .. what.Split(' '), "-o", Path.Combine(_plans.Root, "no")]);
        Assert.Equal(2, planned.Code);
        Assert.Contains(complaint, Assert.Single(planned.ErrorLines));
        Assert.False(Directory.Exists(Path.Combine(_plans.Root, "no")));
    }
}
