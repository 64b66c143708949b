using Lab.Application.Conformance;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Conformance;

/// <summary>Our MMU and strategies do what real kernels were recorded doing.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string> Traces => [.. ConformanceCase.All.Select(one => one.Trace)];

    public static TheoryData<string, string> Waivers
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (ConformanceCase one in ConformanceCase.All)
            {
                // Whether an item runs a phase later is a race in the lab as well.
                foreach (Waiver waiver in one.Waived.Where(waiver => waiver != Lab.Application.Conformance.Waivers.WorkersPhase))
                {
                    data.Add(one.Trace, waiver.Name);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void The_lab_does_what_the_kernel_did(string trace)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        History kernel = ConformanceCase.Of(trace).Load();
        // Several times: what a race decides would differ now and then.
        for (int run = 0; run < 5; run++)
        {
            History lab = one.RunLab();
            Comparison comparison = one.Compare(kernel, lab);
            Assert.True(comparison.First is null, comparison.Report);
            Assert.Empty(CausalOrder.Check(lab));
        }
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void The_kernel_keeps_the_causal_orders(string trace) =>
        Assert.Empty(CausalOrder.Check(ConformanceCase.Of(trace).Load()));

    [Theory]
    [MemberData(nameof(Waivers))]
    public void No_waiver_is_idle(string trace, string waiver)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        Comparison without =
            Comparison.Of(ConformanceCase.Of(trace).Load(), one.RunLab(), one.Waived.Where(other => other.Name != waiver));
        Assert.NotNull(without.First);
    }

    [Fact]
    public void When_the_workers_item_runs_is_waived_and_what_it_does_is_not()
    {
        const string Trace = "workqueue-6.1-2vcpu-reset.txt";
        History kernel = ConformanceCase.Of(Trace).Load();
        History later = kernel with
        {
            Events = [.. kernel.Events.Select(one =>
                one.Event.Part == Part.Worker ? one with { Event = one.Event with { Phase = "later" } } : one)],
        };
        Waiver waiver = Lab.Application.Conformance.Waivers.WorkersPhase;
        Assert.Equal("worker", Comparison.Of(kernel, later, []).First?.Stream);
        Assert.Null(Comparison.Of(kernel, later, [waiver]).First);
        History without = later with { Events = [.. later.Events.Where(one => one.Event.Verb != Verb.ExecuteEnd)] };
        Assert.NotNull(Comparison.Of(kernel, without, [waiver]).First);
    }

    /// <summary>The counts that tell the designs apart, read off the traces by hand: the parser loses none of them.</summary>
    [Theory]
    [InlineData("workqueue-2vcpu-delete.txt", "Worker 3 | Vcpu 2 1 | Worker 3 | Destroyer 3 2 1",
        "Worker 3 3 3 3 | Destroyer 3 3", 12, 12)]
    [InlineData("refcount2-2vcpu-delete.txt", "Worker 3 | Vcpu 2 1 | Worker 3 | Destroyer 3 2 1",
        "Worker 3 3 3 3 | Destroyer 3 3", 12, 12)]
    [InlineData("workqueue-6.1-2vcpu-reset.txt", "Updater 2 1 | Worker 1 | Destroyer 3 2 1 | Worker 1",
        "Worker 1 1 | Destroyer 3 3 | Worker 1 1", 12, 12)]
    [InlineData("refcount2-6.1-2vcpu-reset.txt", "Updater 3 2 | Destroyer 4 3 2 | Worker 1",
        "Destroyer 4 4 | Worker 1 1", 6, 6)]
    [InlineData("mainline-7.2-2vcpu-delete.txt", "Updater 4 3 | Vcpu 2 1 | Updater 4 3 | Destroyer 3 2 1",
        "Updater 4 4 | Destroyer 3", 12, null)]
    [InlineData("mainline-6.1-2vcpu-delete.txt", "Updater 4 3 | Vcpu 2 1 | Updater 4 3 | Destroyer 3 2 1",
        "Updater 4 4 4 4 | Destroyer 3 3", 12, 12)]
    public void The_trace_has_the_counts_that_are_its_designs(string trace, string puts, string zaps, int made, int? freed)
    {
        History kernel = ConformanceCase.Of(trace).Load();
        Assert.Equal(puts, Counts(kernel, Verb.Put));
        Assert.Equal(zaps, Counts(kernel, Verb.Zap));
        Assert.Equal(made, kernel.PagesMade);
        Assert.Equal(freed, kernel.PagesFreed);
    }

    /// <summary>The passes decide in which order tables go, not which.</summary>
    [Theory]
    [MemberData(nameof(Traces))]
    public void Every_granularity_takes_the_tables_that_the_kernel_took(string trace)
    {
        History kernel = ConformanceCase.Of(trace).Load();
        ConformanceCase one = ConformanceCase.Of(trace);
        foreach (ZapPasses passes in (ZapPasses[])[ZapPasses.Root, ZapPasses.Coarse, ZapPasses.Fine])
        {
            Assert.Equal(Tables(kernel), Tables(one.RunLab(passes)));
        }
    }

    private static string Counts(History history, Verb verb)
    {
        List<string> words = [];
        Part? last = null;
        foreach (NormalEvent one in history.Events.Select(one => one.Event).Where(one => one.Verb == verb))
        {
            if (last is not null && last != one.Part) words.Add("|");
            if (last != one.Part) words.Add(one.Part.ToString());
            last = one.Part;
            words.Add(one.Count.ToString()!);
        }
        return string.Join(' ', words);
    }

    private static IEnumerable<string> Tables(History history) =>
        history.Events.Select(one => one.Event).Where(one => one.Verb == Verb.ZapPage).Select(one => one.ToString())
            .Order(StringComparer.Ordinal);
}
