using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Notifier;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>The variant "always count" and the retry protocol that it shares with the others.</summary>
public class NotifierTests
{
    private static readonly GfnRange Reclaimed = GfnRange.Of(100, 50);

    [Fact]
    public void After_a_start_no_root_maps_the_range_and_what_is_outside_stays_mapped()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", new Script());
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        vm.Notifier.RangeStart(Reclaimed);
        Assert.Equal(0, vm.Present(root, Reclaimed));
        Assert.Equal((long)(ScriptedVm.Main.Frames - Reclaimed.Frames), vm.Present(root, ScriptedVm.Main));
        vm.Notifier.RangeEnd(Reclaimed);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Theory]
    [InlineData("baseline")]
    [InlineData("defunct-flag")]
    [InlineData("second-list")]
    [InlineData("second-list-shared")]
    [InlineData("refcount2")]
    [InlineData("workqueue")]
    [InlineData("mainline")]
    public void Between_the_halves_of_a_fast_zap_a_start_takes_the_range_from_valid_and_invalid_roots(string strategy)
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New(strategy, script);
        using Gated worker = new(script);
        vm.Touch(ScriptedVm.Main);
        TdpRoot old = vm.Vcpus[0].Root;
        bool looked = false;
        script.Once(PausePoint.FastZap, () =>
        {
            looked = true;
            vm.Touch(ScriptedVm.Main);
            TdpRoot fresh = vm.Vcpus[0].Root;
            Assert.NotEqual(old, fresh);
            vm.Notifier.RangeStart(Reclaimed);
            Assert.Equal(0, vm.Present(old, Reclaimed));
            Assert.Equal(0, vm.Present(fresh, Reclaimed));
            Assert.Equal((long)(ScriptedVm.Main.Frames - Reclaimed.Frames), vm.Present(old, ScriptedVm.Main));
            vm.Notifier.RangeEnd(Reclaimed);
            worker.Open();
        });
        vm.Slots.Delete(1);
        Assert.True(looked);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }

    [Fact]
    public void Off_list_roots_are_out_of_the_notifiers_reach_and_the_check_says_so()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("off-list", script);
        vm.Touch(ScriptedVm.Main);
        TdpRoot old = vm.Vcpus[0].Root;
        script.Once(PausePoint.FastZap, () =>
        {
            vm.Notifier.RangeStart(Reclaimed);
            vm.Notifier.RangeEnd(Reclaimed);
        });
        vm.Slots.Delete(1);
        Violation violation = Assert.Single(vm.Oracle.Violations);
        Assert.Equal("I5", violation.Invariant);
        Assert.Equal(old.Id, violation.RootId);
        Assert.Contains($"maps {Reclaimed.Frames} frames", violation.What, StringComparison.Ordinal);
        Assert.Contains(violation.Events, one => one.Event.Kind == MmuEventKind.Invalidate && one.Event.RootId == old.Id);
        vm.Destroy();
    }

    [Fact]
    public void Between_start_and_end_faults_in_the_range_are_retried_and_others_are_not()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", new Script());
        vm.Access(new Gfn(0));
        vm.Notifier.RangeStart(Reclaimed);
        Assert.Equal(1, vm.Notifier.InProgress);
        Assert.Equal(ExitOutcome.Retry, vm.Access(Reclaimed.Start));
        Assert.Equal(ExitOutcome.Retry, vm.Access(Reclaimed.Start));
        Assert.Equal(0, vm.Present(vm.Vcpus[0].Root, Reclaimed));
        vm.Notifier.RangeEnd(Reclaimed);
        Assert.Equal(0, vm.Notifier.InProgress);
        Assert.Equal(1UL, vm.Notifier.Sequence);
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.Start));
        Assert.Equal(1, vm.Present(vm.Vcpus[0].Root, Reclaimed));

        vm.Notifier.RangeStart(Reclaimed);
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.End));
        vm.Notifier.RangeEnd(Reclaimed);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Theory]
    [InlineData("mainline", 0)]
    [InlineData("mainline+slots-rwsem", 0)]
    [InlineData("mainline+active-count", 0)]
    [InlineData("mainline+one-place", 50)]
    public void A_start_takes_its_range_from_every_slot_over_the_memory(string subject, long left)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(
            Catalogue.Named(subject).Design<ScriptedMachine>(), new Script(), sharesMemory: true);
        Gfn twin = new(0x50000);
        vm.Slots.Share(2, twin, 0);
        vm.Touch(ScriptedVm.Main);
        vm.Touch(new GfnRange(twin, twin + ScriptedVm.Main.Frames));
        GfnRange other = GfnRange.Of(twin.Value + Reclaimed.Start.Value, Reclaimed.Frames);

        vm.Notifier.RangeStart(Reclaimed);

        Assert.Equal((0, left), (vm.Present(vm.Vcpus[0].Root, Reclaimed), vm.Present(vm.Vcpus[0].Root, other)));
        if (left == 0) Assert.Equal(ExitOutcome.Retry, vm.Access(other.Start));
        vm.Notifier.RangeEnd(Reclaimed);
        if (left == 0) Assert.Equal(ExitOutcome.Fixed, vm.Access(other.Start));
        vm.Destroy();
        Assert.Equal(left == 0 ? [] : ["I5"], vm.Oracle.Violations.Select(one => one.Invariant).Distinct());
    }

    [Fact]
    public void A_fault_that_looked_its_frame_up_before_a_start_and_comes_after_the_end_is_retried()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", script);
        vm.Access(new Gfn(0));
        // The fault's first lock is the one it installs under; it has its snapshot by then.
        bool raced = false;
        script.BeforeEnterShared = () =>
        {
            if (raced) return;
            raced = true;
            vm.Notifier.RangeStart(Reclaimed);
            vm.Notifier.RangeEnd(Reclaimed);
        };
        Assert.Equal(ExitOutcome.Retry, vm.Access(Reclaimed.Start));
        Assert.True(raced);
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.Start));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Overlapping_invalidations_share_one_range_that_never_shrinks_until_all_ended()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", new Script());
        MmuNotifier<ScriptedMachine> notifier = vm.Notifier;
        GfnRange low = GfnRange.Of(10, 10);
        GfnRange high = GfnRange.Of(90, 10);
        bool MustRetry(ulong gfn) => notifier.MustRetry(new Gfn(gfn), notifier.Sequence, default);

        notifier.RangeStart(low);
        Assert.True(MustRetry(10));
        Assert.True(MustRetry(19));
        Assert.False(MustRetry(9));
        Assert.False(MustRetry(20));
        notifier.RangeStart(high);
        Assert.Equal(2, notifier.InProgress);
        Assert.True(MustRetry(50));
        notifier.RangeEnd(high);
        Assert.True(MustRetry(95));
        Assert.False(MustRetry(100));
        notifier.RangeEnd(low);
        Assert.False(MustRetry(50));
        Assert.False(MustRetry(10));
        Assert.Equal(2UL, notifier.Sequence);
        notifier.RangeStart(high);
        Assert.False(MustRetry(10));
        notifier.RangeEnd(high);
        Assert.True(notifier.MustRetry(new Gfn(400), notifier.Sequence - 1, default));
    }

    [Fact]
    public void An_invalidation_that_meets_no_slot_counts_and_walks_nothing()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", script);
        vm.Touch(ScriptedVm.Main);
        int interrupts = script.Interrupts;
        GfnRange nowhere = GfnRange.Of(0x100000, 512);
        vm.Notifier.RangeStart(nowhere);
        Assert.Equal(1, vm.Notifier.InProgress);
        vm.Notifier.RangeEnd(nowhere);
        Assert.Equal(1UL, vm.Notifier.Sequence);
        Assert.Equal(interrupts, script.Interrupts);
        vm.Notifier.RangeStart(Reclaimed);
        Assert.Equal(interrupts + 1, script.Interrupts);
        vm.Notifier.RangeEnd(Reclaimed);
    }

    [Fact]
    public void A_start_flushes_what_the_vcpu_had_cached()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", new Script());
        vm.Touch(ScriptedVm.Main);
        Assert.Null(vm.Access(Reclaimed.Start));
        vm.Notifier.RangeStart(Reclaimed);
        vm.Notifier.RangeEnd(Reclaimed);
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.Start));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void What_the_host_took_comes_back_as_another_frame_and_the_old_one_is_freed()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(With(vm => new AlwaysCount<ScriptedMachine>(vm)), new Script(), taken: 50);
        vm.Touch(ScriptedVm.Main);
        Assert.True(vm.Slots.Active.TryGet(0, out Memslot slot));
        Hva before = vm.Memory.FrameOf(slot, Reclaimed.Start), beside = vm.Memory.FrameOf(slot, Reclaimed.End);
        vm.TakeAway(Reclaimed);
        Hva after = vm.Memory.FrameOf(slot, Reclaimed.Start);
        Assert.NotEqual(before, after);
        Assert.Equal(beside, vm.Memory.FrameOf(slot, Reclaimed.End));
        Assert.Equal(FrameStamp.FreedSlot, new FrameStamp(FrameStamp.At(before)).Slot);
        Assert.Equal(FrameStamp.Of(0, slot.Generation), new FrameStamp(FrameStamp.At(after)));
        // A part of a piece stays where it is: its other frames are still used.
        vm.TakeAway(GfnRange.Of(Reclaimed.Start.Value, 10));
        Assert.Equal(after, vm.Memory.FrameOf(slot, Reclaimed.Start));
        Assert.Equal((long)Reclaimed.Frames, vm.Touch(Reclaimed));
        vm.Vcpus[0].CheckCached();
        for (int round = 0; round < 10; round++)
        {
            vm.Slots.Delete(0);
            vm.Slots.Create(0, ScriptedVm.Main, MemslotFlags.None);
            vm.Touch(ScriptedVm.Main);
            vm.TakeAway(Reclaimed);
        }
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void A_page_that_is_mapped_between_a_start_and_its_end_is_reported()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(With(vm => new Retries(vm, never: true)), new Script(), taken: 50);
        vm.Touch(ScriptedVm.Main);
        vm.Notifier.RangeStart(Reclaimed);
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.Start));
        Assert.Empty(vm.Oracle.Violations);
        vm.CheckUnmapped(Reclaimed);
        Violation violation = Assert.Single(vm.Oracle.Violations);
        Assert.Equal(("I5", vm.Vcpus[0].Root.Id), (violation.Invariant, violation.RootId));
    }

    [Fact]
    public void A_fault_that_takes_the_sequence_after_its_lookup_is_reported_and_so_is_what_the_guest_reads()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New(With(vm => new Retries(vm, never: false)), script, taken: 50);
        vm.Access(new Gfn(0));
        bool raced = false;
        script.BeforeEnterShared = () =>
        {
            if (raced) return;
            raced = true;
            vm.TakeAway(Reclaimed);
        };
        Assert.Equal(ExitOutcome.Fixed, vm.Access(Reclaimed.Start));
        Assert.Equal(["I24", "I21"], vm.Invariants());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_start_that_does_not_flush_is_seen_by_what_the_vcpu_reads_or_has_cached(bool reads)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(With(vm => new DoesNotFlush(vm)), new Script(), taken: 50);
        vm.Touch(Reclaimed);
        vm.TakeAway(Reclaimed);
        Assert.Empty(vm.Oracle.Violations);
        if (reads) Assert.Null(vm.Access(Reclaimed.Start));
        else vm.Vcpus[0].CheckCached();
        Assert.Equal(["I21"], vm.Invariants());
    }

    [Fact]
    public void An_end_without_a_start_is_reported()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", new Script());
        vm.Notifier.RangeEnd(Reclaimed);
        Assert.Equal(["I23"], vm.Invariants());
    }

    private static VmDesign<ScriptedMachine> With(Func<Vm<ScriptedMachine>, MmuNotifier<ScriptedMachine>> notifier) =>
        Catalogue.Named("mainline").Design<ScriptedMachine>() with { Notifier = notifier };

    /// <summary>Faults are never told to retry, or compare with a sequence that they take too late.</summary>
    private sealed class Retries(Vm<ScriptedMachine> vm, bool never) : AlwaysCount<ScriptedMachine>(vm)
    {
        public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) =>
            !never && base.MustRetry(gfn, Sequence, hold);
    }

    private sealed class DoesNotFlush(Vm<ScriptedMachine> vm) : AlwaysCount<ScriptedMachine>(vm)
    {
        public override void RangeStart(GfnRange range)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            Vm.Mmu.ZapLeafs(Vm.Roots.First, range, hold, mayYield: false, flush: false);
            Vm.Exit(hold);
        }
    }
}

/// <summary>Keeps a strategy's worker threads from taking mmu_lock until opened: their work is queued, and may have started, but
/// does nothing.</summary>
internal sealed class Gated : IDisposable
{
    private readonly Gate _gate = new();

    public Gated(Script script) => script.BeforeEnterShared = () =>
    {
        if (IsWorker) _gate.Await("leave for the worker to go on");
    };

    /// <summary>True on a worker's thread; the queues name them after themselves.</summary>
    public static bool IsWorker => Thread.CurrentThread.Name is { } name
        && (name.StartsWith("kvm/", StringComparison.Ordinal) || name.StartsWith("events/", StringComparison.Ordinal));

    public void Open() => _gate.Open();

    /// <summary>Lets the worker go, so that a failed test does not leave it waiting.</summary>
    public void Dispose() => _gate.Open();
}
