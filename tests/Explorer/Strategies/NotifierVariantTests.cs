using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Notifiers that leave mmu_lock alone where no slot overlaps (reference 9.2), so that start and end must see the same
/// slots: with what a variant may do around the swap of memslots they can be kept stable in both known ways, and without it the
/// count goes wrong.</summary>
public class NotifierVariantTests
{
    private const string SlotAppears = """
        slot main 0 + 1
        slot late 1 + 1 absent
        before vcpu0: touch 0
        thread updater: create late
        thread host: unmap 1 + 1
        end destroy
        """;

    private const string SlotGoes = """
        slot main 0 + 1
        slot churn 1 + 1
        before vcpu0: touch 0..1
        thread updater: delete churn
        thread host: unmap 1 + 1
        end destroy
        """;

    [Fact]
    public void Without_stable_slots_an_end_meets_a_slot_that_its_start_did_not() =>
        Strategy.AssertViolated(Explore(vm => new Unstable(vm), SlotAppears), "I23");

    [Theory]
    [InlineData(SlotAppears)]
    [InlineData(SlotGoes)]
    public void A_semaphore_held_from_start_to_end_and_around_the_swap_keeps_them_stable(string scenario) =>
        Strategy.AssertNothing(Explore(vm => new Semaphore(vm), scenario));

    [Theory]
    [InlineData(SlotAppears)]
    [InlineData(SlotGoes)]
    public void A_swap_that_waits_until_no_invalidation_is_open_keeps_them_stable(string scenario) =>
        Strategy.AssertNothing(Explore(vm => new Counted(vm), scenario));

    private static ExploreResult Explore(Func<Vm<Explored>, MmuNotifier<Explored>> notifier, string scenario) =>
        StrategyExplorer.Explore(
            "mainline", Strategy.Named("mainline") with { Notifier = notifier }, Strategy.ScenarioOf(scenario),
            Strategy.Exhaustive, observer: null,
            TestContext.Current.CancellationToken);

    /// <summary>Decides by the slots whether to count, and lets them change between start and end.</summary>
    private class Unstable(Vm<Explored> vm) : MmuNotifier<Explored>(vm)
    {
        public override void RangeStart(GfnRange range)
        {
            if (!Overlaps(range)) return;
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            Unmap(range, hold);
            Vm.Exit(hold);
        }

        public override void RangeEnd(GfnRange range)
        {
            if (!Overlaps(range)) return;
            ExclusiveHold hold = Vm.EnterExclusive();
            End();
            Vm.Exit(hold);
        }

        private bool Overlaps(GfnRange range)
        {
            Vm.Machine.EnterRcu(Vm.Slots.Srcu);
            bool overlaps = Vm.Slots.Published.Overlaps(range, exceptId: -1);
            Vm.Machine.ExitRcu(Vm.Slots.Srcu);
            return overlaps;
        }
    }

    /// <summary>Readers from start to end, the swap a writer (reference 9.4).</summary>
    private sealed class Semaphore(Vm<Explored> vm) : Unstable(vm)
    {
        private readonly MmuLock _slots = new("slots_rwsem");

        public override void RangeStart(GfnRange range)
        {
            Vm.Machine.EnterShared(_slots);
            base.RangeStart(range);
        }

        public override void RangeEnd(GfnRange range)
        {
            base.RangeEnd(range);
            Vm.Machine.ExitShared(_slots);
        }

        public override void BeforeSwap() => Vm.Machine.EnterExclusive(_slots);

        public override void AfterSwap() => Vm.Machine.ExitExclusive(_slots);

        protected override void DisposeOwned() => _slots.Dispose();
    }

    /// <summary>Counts what is open under a spin lock; the swap waits for zero and publishes under the same lock (reference
    /// 9.5).</summary>
    private sealed class Counted(Vm<Explored> vm) : Unstable(vm)
    {
        private readonly TicketLock _lock = new("mn_invalidate_lock");

        public override void RangeStart(GfnRange range)
        {
            Count(1);
            base.RangeStart(range);
        }

        public override void RangeEnd(GfnRange range)
        {
            base.RangeEnd(range);
            Count(-1);
        }

        public override void BeforeSwap()
        {
            Backoff backoff = default;
            Vm.Machine.Enter(_lock);
            while (Vm.Machine.Load(ref OwnWord) != 0)
            {
                Vm.Machine.Exit(_lock);
                Vm.Machine.Relax(ref backoff);
                Vm.Machine.Enter(_lock);
            }
        }

        public override void AfterSwap() => Vm.Machine.Exit(_lock);

        protected override void DisposeOwned() => _lock.Dispose();

        private void Count(int change)
        {
            Vm.Machine.Enter(_lock);
            Vm.Machine.Store(ref OwnWord, Vm.Machine.Load(ref OwnWord) + (ulong)change);
            Vm.Machine.Exit(_lock);
        }
    }
}
