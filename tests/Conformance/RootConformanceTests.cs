using Lab.Application.Conformance;
using Lab.Hardware;
using Xunit;

namespace Lab.Tests.Conformance;

/// <summary>What <c>lab guest trace --as</c> and <c>lab compare --kernel</c> say of recorded kernels.</summary>
public sealed class RootConformanceTests
{
    [Theory]
    [InlineData("workqueue-2vcpu-delete.txt", "workqueue")]
    [InlineData("refcount2-2vcpu-delete.txt", "refcount2")]
    [InlineData("workqueue-6.1-2vcpu-reset.txt", "workqueue")]
    [InlineData("refcount2-6.1-2vcpu-reset.txt", "refcount2")]
    [InlineData("mainline-7.3-2vcpu-delete.txt", "mainline")]
    [InlineData("mainline-7.3-2vcpu-reset.txt", "mainline")]
    [InlineData("mainline-6.1-2vcpu-delete.txt", "mainline")]
    [InlineData("mainline-6.1-2vcpu-reset.txt", "mainline")]
    public void A_kernel_is_as_its_design_whatever_passes_it_makes(string trace, string strategy)
    {
        ConformanceVerdict verdict = Against(trace, strategy);
        Assert.True(verdict.IsSame, verdict.Report);
        Assert.Empty(verdict.Parting);
        Assert.All(verdict.Waived, one => Assert.NotEmpty(one.Why));
    }

    [Theory]
    [InlineData("mainline-7.3-2vcpu-delete.txt", "Flush | Queue")]
    [InlineData("mainline-6.1-2vcpu-delete.txt", "Flush | Queue")]
    public void Another_design_is_told_at_the_first_event_that_is_its_own(string trace, string parting)
    {
        ConformanceVerdict verdict = Against(trace, "workqueue");
        Assert.False(verdict.IsSame);
        Assert.Equal(parting, verdict.Parting);
    }

    [Fact]
    public void Two_kernels_of_one_design_are_the_same_and_two_designs_are_not()
    {
        const string New = "mainline-7.3-2vcpu-delete.txt", Old = "workqueue-2vcpu-delete.txt";
        Assert.True(Between("mainline-7.2-2vcpu-delete.txt", New).IsSame);
        Assert.False(Between(Old, New).IsSame);
        Assert.Contains("worker", RootCounts.Of(Old, ConformanceCase.ReadLines(Old)).Select(one => one.Part));
        Assert.DoesNotContain("worker", RootCounts.Of(New, ConformanceCase.ReadLines(New)).Select(one => one.Part));
        Assert.Equal([4, 3, 4, 3], RootCounts.Of(New, ConformanceCase.ReadLines(New))[0].References);
    }

    [Theory]
    [InlineData(RootOperation.Move)]
    [InlineData(RootOperation.Flags)]
    [InlineData(RootOperation.Reset)]
    public void Every_operation_runs_on_every_design(RootOperation operation)
    {
        foreach (string strategy in (string[])["workqueue", "refcount2", "mainline"])
        {
            History history = LabScenario.Run(strategy, Lab.Mmu.ZapPasses.AsSource, operation);
            Assert.Equal(history.PagesMade, history.PagesFreed);
            Assert.Empty(CausalOrder.Check(history));
        }
    }

    [Fact]
    public void Tables_of_five_levels_are_read_as_those_of_four()
    {
        const string Trace = "mainline-7.3-2vcpu-reset.txt";
        string[] four = ConformanceCase.ReadLines(Trace);
        IEnumerable<string> five = four.SelectMany(line => !line.Contains(" l4 ", StringComparison.Ordinal)
            ? (string[])[line] : [line.Replace(" l4 ", " l5 ", StringComparison.Ordinal), line]);
        Assert.Equal(RecordedTrace.Parse(Trace, four).Events.Select(one => one.Event),
            RecordedTrace.Parse(Trace, [.. five]).Events.Select(one => one.Event));
    }

    /// <summary>A last put of a valid root hands it to the worker (5.18 to 6.3): its address stays its own.</summary>
    [Fact]
    public void The_last_put_of_a_valid_root_does_not_end_it()
    {
        string[] lines =
        [
            "  vcpu0-1 [000] ...1. 1.0: kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte",
            "  updater-2 [000] ...1. 1.1: put: (f) root=0xa ref=1 inv=0 shared=0",
            "  vcpu0-1 [000] ...1. 1.2: kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte",
            "  kworker/0:1-3 [000] ...1. 1.3: zap: (f) root=0xa ref=1 inv=1 level=3",
            "  updater-2 [000] ...1. 1.4: put: (f) root=0xb ref=1 inv=1 shared=0",
        ];
        Assert.Equal([1, 1, 2, 1, 2], RecordedTrace.Parse("t", lines).Events.Select(one => one.Event.Root));
    }

    private static ConformanceVerdict Against(string trace, string strategy) => RootConformance.WithStrategy(
        trace, ConformanceCase.ReadLines(trace), ConformanceCase.Of(trace).Operation, strategy);

    private static ConformanceVerdict Between(string one, string other) =>
        RootConformance.WithTrace(other, ConformanceCase.ReadLines(other), one, ConformanceCase.ReadLines(one));
}
