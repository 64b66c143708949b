using System.Text.Json;
using Lab.Application.Measuring;
using Lab.Application;
using Lab.Measure;
using Lab.Report.Documents;
using Lab.Report;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What scripts and readers of <c>lab doctor</c> rely on.</summary>
public sealed class DoctorContractTests
{
    private static readonly string[] Promised =
    [
        "cpu", "kernel", "hypervisor", "mitigations", "watchdog", "rt_throttling",
        "cores", "smt", "governor", "boost", "cpu_quota", "isolated", "nohz_full", "idle_states",
        "memory", "thp", "swap", "tsc", "clocksource", "clock_cost", "kvm", "kvm_mmu",
        "userfaultfd", "perf_events", "perf_paranoid", "perf_counters", "tracefs", "dma_latency", "realtime", "nofile",
        "load", "pressure", "steal",
    ];

    [Fact]
    public void The_whole_examination_fits_80_columns_and_begins_with_what_the_machine_is_fit_for()
    {
        LabExit exit = LabProcess.Run("doctor");
        Assert.Equal(ExitCode.Fine, exit.Code);
        Assert.Empty(exit.Error);
        string[] lines = exit.Out.TrimEnd().Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.All(Promised, name =>
            Assert.Contains(lines, line => line.Length > 10 && line[10..].StartsWith(name + " ", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.StartsWith("Differences below ", StringComparison.Ordinal));
        // A busy machine has more reasons than one line has room for.
        Assert.Matches("^Fit for --mmu radix: (yes|no \\([^)]+\\))\\.", exit.Out);
        Assert.DoesNotContain('\e', exit.Out);
    }

    [Fact]
    public void Json_has_every_fact_by_its_stable_name()
    {
        LabExit exit = LabHere.Run("doctor", "--quick", "--format", "json");
        Assert.Equal(ExitCode.Fine, exit.Code);
        JsonElement root = JsonDocument.Parse(exit.Out).RootElement;
        List<JsonElement> facts = [.. root.GetProperty("facts").EnumerateArray()];
        List<string?> names = [.. facts.Select(fact => fact.GetProperty("name").GetString())];
        Assert.Empty(Promised.Except(names!));
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(facts, fact =>
        {
            Assert.Contains(fact.GetProperty("state").GetString(), new[] { "good", "fair", "bad", "unknown" });
            Assert.NotEmpty(fact.GetProperty("value").GetString()!);
            Assert.NotEmpty(fact.GetProperty("meaning").GetString()!);
            Assert.True(fact.TryGetProperty("remedy", out _));
        });
        Assert.Equal(JsonValueKind.Null, root.GetProperty("noise").ValueKind);
    }

    [Fact]
    public void Strict_fails_exactly_when_something_is_bad()
    {
        LabExit exit = LabHere.Run("doctor", "--quick", "--strict", "--format", "json");
        bool bad = JsonDocument.Parse(exit.Out).RootElement.GetProperty("facts").EnumerateArray()
            .Any(fact => fact.GetProperty("state").GetString() == "bad");
        Assert.Equal(bad ? 5 : 0, exit.Code);
    }

    [Theory]
    [InlineData("Did you mean 'json'?", "--format", "jsn")]
    [InlineData("--kvm-device is empty", "--kvm-device", "")]
    [InlineData("There is no option '--quik'. Did you mean '--quick'?", "--quik")]
    public void A_bad_input_is_one_sentence(string sentence, params string[] arguments)
    {
        LabExit exit = LabHere.Run(["doctor", .. arguments]);
        Assert.Equal(ExitCode.Usage, exit.Code);
        Assert.Contains(sentence, Assert.Single(exit.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_no_kvm_is_a_fact_and_no_failure()
    {
        LabExit exit = LabHere.Run("doctor", "--quick", "--kvm-device", "/dev/null");
        Assert.Equal(ExitCode.Fine, exit.Code);
        Assert.Contains("fair    kvm              not usable", exit.Out, StringComparison.Ordinal);
        Assert.Contains("/dev/null is not a KVM device", exit.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_keeps_the_facts_in_its_manifest()
    {
        using RunsFolder runs = new();
        LabExit exit = LabHere.Run(["run", .. runs.Tiny("--strategy", "refcount2", "--workload", "memslot-churn")]);
        Assert.Equal(ExitCode.Fine, exit.Code);
        IReadOnlyDictionary<string, string> facts = runs.OpenOnly().Manifest.Machine.Facts;
        Assert.Empty(Promised.Except(facts.Keys));
        Assert.DoesNotContain(facts.Keys, name => name.StartsWith("noise", StringComparison.Ordinal));
    }

    [Fact]
    public void The_worst_machine_fits_80_columns_too()
    {
        string word = new('x', 200), sentence = string.Join(' ', Enumerable.Repeat("words", 60));
        SliceSpread spread = new(60, 1e9, 99999.9, 99999.9, 1e12, 1e12);
        DoctorFindings found = new([.. Enum.GetValues<FactState>().Select(state =>
            new MachineFact("now", "kvm_capabilities", word, state, sentence, word))], new NoiseFloor(spread, spread));
        using StringWriter text = new();
        new TerminalWriter(text).Write(DoctorReport.Of(found));
        Assert.All(text.ToString().Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.True(found.HasBad);
    }
}
