using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Strategies.Notifier;
using Lab.Strategies.Notifier.Broken;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>What the retry of a fault beside a notifier is for: each part of it is left out once (reference 9.1, I5, I21,
/// I24).</summary>
public sealed class NotifierRetryTests
{
    private const string BetweenStartAndEnd = "fault-between-start-and-end";
    private const string InFlight = "fault-beside-notifier";

    [Theory]
    [InlineData(BetweenStartAndEnd)]
    [InlineData(InFlight)]
    public void Without_the_retry_a_page_is_mapped_between_a_start_and_its_end(string scenario) =>
        Strategy.AssertViolated(Explore(vm => new NeverRetries(vm), scenario), "I5");

    [Theory]
    [InlineData(BetweenStartAndEnd)]
    [InlineData(InFlight)]
    public void With_the_sequence_alone_a_page_is_mapped_between_a_start_and_its_end(string scenario) =>
        Strategy.AssertViolated(Explore(vm => new AsksTheSequenceOnly(vm), scenario), "I5");

    [Theory]
    [InlineData(BetweenStartAndEnd)]
    [InlineData(InFlight)]
    public void With_the_sequence_taken_after_the_lookup_a_page_is_mapped_that_the_host_has_taken(string scenario) =>
        Strategy.AssertViolated(Explore(vm => new LateSnapshot<Explored>(vm), scenario), "I24");

    /// <summary>No access is needed to see it: who goes on using the page would have it cached.</summary>
    [Theory]
    [InlineData(BetweenStartAndEnd)]
    [InlineData("two-unmaps")]
    public void Without_the_flush_a_page_stays_cached_that_the_host_has_taken(string scenario) =>
        Strategy.AssertViolated(Explore(vm => new DoesNotFlush(vm), scenario), "I21");

    /// <summary>The flush at the end does not help whoever comes while the first yields: it finds the page zapped.</summary>
    [Fact]
    public void A_flush_that_is_put_off_over_a_yield_comes_too_late_for_another_notifier()
    {
        Strategy.AssertViolated(Explore(vm => new FlushesAtTheEnd(vm), "two-unmaps"), "I21");
        Strategy.AssertNothing(Explore(vm => new FlushesAtTheEnd(vm), BetweenStartAndEnd));
    }

    private static ExploreResult Explore(Func<Vm<Explored>, MmuNotifier<Explored>> notifier, string scenario) =>
        StrategyExplorer.Explore("mine", Strategy.Named("mainline") with { Notifier = notifier }, Strategy.ScenarioOf(scenario),
            Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    private sealed class NeverRetries(Vm<Explored> vm) : AlwaysCount<Explored>(vm)
    {
        public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) => false;
    }

    private sealed class AsksTheSequenceOnly(Vm<Explored> vm) : AlwaysCount<Explored>(vm)
    {
        public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) => Sequence != snapshot;
    }

    private sealed class DoesNotFlush(Vm<Explored> vm) : AlwaysCount<Explored>(vm)
    {
        public override void RangeStart(GfnRange range)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            RootStrategy<Explored> roots = Vm.Strategy;
            for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
                 root = roots.NextRoot(root, RootFilter.All, hold))
            {
                Vm.Mmu.ZapLeafs(root, range, hold, mayYield: false, flush: false);
            }
            Vm.Exit(hold);
        }
    }

    /// <summary>Zaps frame by frame and yields in between, with the flush still owed.</summary>
    private sealed class FlushesAtTheEnd(Vm<Explored> vm) : AlwaysCount<Explored>(vm)
    {
        public override void RangeStart(GfnRange range)
        {
            bool flush = false;
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            for (Gfn gfn = range.Start; gfn.Value < range.End.Value; gfn += 1)
            {
                if (gfn != range.Start)
                {
                    Vm.Exit(hold);
                    hold = Vm.EnterExclusive();
                }
                TdpRoot root = Vm.Roots.First;
                if (!root.IsNone) flush = Vm.Mmu.ZapLeafs(root, new GfnRange(gfn, gfn + 1), hold, mayYield: false, flush);
            }
            if (flush) Vm.Mmu.FlushRemoteTlbs();
            Vm.Exit(hold);
        }
    }
}
