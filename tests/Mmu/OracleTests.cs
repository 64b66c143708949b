using Lab.Mmu;
using Lab.Strategies.Roots;
using Lab.Tests.Explorer.Planted;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Each promise is broken once on purpose, and the oracle that watches it must say so.</summary>
public class OracleTests
{
    [Fact]
    public void A_reference_put_twice_is_reported_with_the_puts_that_led_to_it()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("baseline", new Script());
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        // Inside a section, so that the root is not freed yet: what is wrong is the count alone.
        vm.Machine.EnterRcu(vm.Rcu);
        vm.Put(root);
        Assert.Empty(vm.Oracle.Violations);
        vm.Put(root);
        vm.Machine.ExitRcu(vm.Rcu);
        Violation violation = Assert.Single(vm.Oracle.Violations);
        Assert.Equal("I1", violation.Invariant);
        Assert.Equal(root.Id, violation.RootId);
        Assert.Contains("-1", violation.What, StringComparison.Ordinal);
        long[] puts = [.. violation.Events.Where(one => one.Event.Kind == MmuEventKind.Put && one.Event.RootId == root.Id)
            .Select(one => one.Event.RefCount)];
        Assert.Equal([1L, 0L], puts);
        Assert.Equal(MmuEventKind.Violation, violation.Events.Last(one => one.Event.RootId == root.Id).Event.Kind);
        Assert.True(vm.Oracle.IsBugged);
    }

    [Fact]
    public void Use_of_a_root_after_its_grace_period_is_reported()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("baseline", new Script());
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        vm.Put(root);
        vm.Machine.Barrier(vm.Rcu);
        Assert.False(vm.Strategy.TryGet(root));
        vm.Put(root);
        Assert.Equal(["I3"], vm.Invariants());
        Assert.Equal(2, vm.Oracle.Count);
        Assert.Contains(vm.Oracle.Violations[0].Events,
            one => one.Event.Kind == MmuEventKind.FreeRoot && one.Event.RootId == root.Id);
    }

    [Fact]
    public void A_vcpu_that_walks_a_freed_root_is_reported_and_does_not_crash()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("baseline", new Script());
        vm.Touch(ScriptedVm.Main);
        vm.Put(vm.Vcpus[0].Root);
        vm.Machine.Barrier(vm.Rcu);
        AccessPattern pattern = new(0, ScriptedVm.Small) { Stride = 1 };
        Assert.Equal(VcpuExitReason.Fault, vm.Vcpus[0].Run(ref pattern, 1).Reason);
        Assert.Equal(["I3"], vm.Invariants());
    }

    [Fact]
    public void A_root_taken_off_the_list_twice_is_reported()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("baseline", new Script());
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.True(vm.TryUnlink(root));
        Assert.False(vm.TryUnlink(root));
        Assert.Equal(["I2"], vm.Invariants());
    }

    [Theory]
    [InlineData("refcount2")]
    [InlineData("mainline")]
    public void A_valid_root_that_reaches_zero_is_reported_where_the_mmu_owns_a_reference(string strategy)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(strategy, new Script());
        vm.Touch(ScriptedVm.Small);
        TdpRoot root = vm.Vcpus[0].Root;
        vm.Put(root);
        Assert.Empty(vm.Oracle.Violations);
        vm.Put(root);
        Assert.Contains("I12", vm.Invariants());
    }

    [Theory]
    [InlineData("baseline")]
    [InlineData("defunct-flag")]
    [InlineData("second-list")]
    [InlineData("workqueue")]
    [InlineData("refcount2")]
    [InlineData("mainline")]
    public void A_reference_that_is_never_put_is_found_at_destroy(string strategy)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(strategy, new Script());
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.True(vm.Strategy.TryGet(root));
        vm.Slots.Delete(1);
        vm.Touch(ScriptedVm.Main);
        vm.Destroy();
        Assert.Equal(["I16"], vm.Invariants());
        Assert.Contains(vm.Oracle.Violations, violation => violation.RootId == root.Id);
        Assert.Equal(1, vm.TablePagesLeft);
    }

    [Fact]
    public void A_violation_carries_the_roots_own_events_however_many_updates_came_after_them()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New("workqueue", new Script());
        vm.Touch(ScriptedVm.Small);
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.True(vm.Strategy.TryGet(root));
        for (int update = 0; update < 50; update++)
        {
            vm.Slots.Delete(1);
            vm.Touch(GfnRange.Of(0, 1));
            vm.Slots.Create(1, ScriptedVm.Small, MemslotFlags.None);
        }
        vm.Destroy();
        IReadOnlyList<AttributedEvent> events = vm.Oracle.Violations.First(violation => violation.RootId == root.Id).Events;
        Assert.Contains(events, one => one.Event.RootId == root.Id && one.Event.Kind == MmuEventKind.Get);
        Assert.Contains(events, one => one.Event.RootId == root.Id && one.Event.Kind == MmuEventKind.Invalidate);
        Assert.Contains(events, one => one.Event.Kind == MmuEventKind.UpdateEnd);
        Assert.Equal(events.Select(one => one.Event.Time).Order(), events.Select(one => one.Event.Time));
        Assert.InRange(events.Count, 20, 60);
    }

    [Fact]
    public void A_fast_zap_that_does_not_wait_is_caught_with_entries_left_behind()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("no-flush", script);
        using Gated worker = new(script);
        vm.Touch(ScriptedVm.Main);
        TdpRoot root = vm.Vcpus[0].Root;
        vm.Slots.Delete(1);
        worker.Open();
        Violation violation = Assert.Single(vm.Oracle.Violations);
        Assert.Equal("I6", violation.Invariant);
        Assert.Equal(root.Id, violation.RootId);
        Assert.Contains(violation.Events, one => one.Event.Kind == MmuEventKind.Queue && one.Event.RootId == root.Id);
        Assert.DoesNotContain(violation.Events, one => one.Event.Kind == MmuEventKind.ZapRoot && one.Event.RootId == root.Id);
        vm.Destroy();
    }

    /// <summary>What every fast zap owes, whether its strategy says that it keeps roots, that it does not, or nothing.</summary>
    [Theory]
    [InlineData(true, "maps 64 frames of the slot")]
    [InlineData(null, "maps 64 frames of the slot")]
    [InlineData(false, "returned early")]
    public void A_fast_zap_that_leaves_the_slot_in_a_valid_root_is_caught(bool? keepsRoots, string what)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(vm => new ZapsNothing(vm, keepsRoots), new Script());
        vm.Touch(ScriptedVm.Main);
        vm.Touch(ScriptedVm.Small);
        TdpRoot root = vm.Vcpus[0].Root;
        vm.Slots.Delete(1);
        Violation violation = vm.Oracle.Violations[0];
        Assert.Equal(("I6", root.Id), (violation.Invariant, violation.RootId));
        Assert.Contains(what, violation.What, StringComparison.Ordinal);
    }

    /// <summary>A strategy that says nothing is judged by what it does with each root.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(null)]
    public void A_fast_zap_that_takes_the_slot_out_of_valid_roots_is_right(bool? keepsRoots)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(vm => new SaysOrNot(vm, keepsRoots), new Script());
        vm.Touch(ScriptedVm.Main);
        vm.Touch(ScriptedVm.Small);
        vm.Slots.Delete(1);
        Assert.Equal(0, vm.Touch(ScriptedVm.Main));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    /// <summary>No access is needed: the vCPU looks at what its TLB holds.</summary>
    [Theory]
    [InlineData("slot-zap-no-flush", "I21")]
    [InlineData("slot-zap")]
    [InlineData("mainline")]
    public void A_translation_of_freed_memory_that_stays_cached_is_caught(string strategy, params string[] invariants)
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(strategy, new Script());
        vm.Touch(ScriptedVm.Small);
        vm.Slots.Delete(1);
        vm.Vcpus[0].CheckCached();
        Assert.Equal(invariants, vm.Invariants());
    }

    [Fact]
    public void A_slot_that_exists_only_as_invalid_is_no_hole()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", script);
        GfnRange rom = GfnRange.Of(0x50000, 4);
        vm.Slots.Create(2, rom, MemslotFlags.ReadOnly);
        Assert.Equal(ExitOutcome.Mmio, vm.Access(rom.Start, write: true));
        script.Once(PausePoint.FastZap, () =>
        {
            Assert.Equal(ExitOutcome.Retry, vm.Access(rom.Start, write: true));
            vm.CheckMmio(rom.End);
            Assert.Empty(vm.Oracle.Violations);
            vm.CheckMmio(rom.Start);
        });
        vm.Slots.Delete(2);
        Assert.Equal(["I35"], vm.Invariants());
        Assert.Equal(ExitOutcome.Mmio, vm.Access(rom.Start, write: true));
        Assert.Equal(1, vm.Oracle.Count);
    }

    [Fact]
    public void A_root_of_another_role_is_told_when_it_is_loaded()
    {
        using Vm<ScriptedMachine> vm = ScriptedVm.New(made => new AnyRole<ScriptedMachine>(made), new Script());
        vm.Touch(ScriptedVm.Main);
        Assert.Empty(vm.Oracle.Violations);
        vm.Vcpus[0].SwitchRole(RootRole.SystemManagement);
        Assert.Equal(["I36"], vm.Invariants());
    }

    [Fact]
    public void A_vcpu_that_is_not_asked_to_reload_gives_itself_away_by_what_it_reads()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", script);
        vm.Access(ScriptedVm.Small.Start);
        Assert.Null(vm.Access(ScriptedVm.Small.Start));
        script.LosesReloadRequests = true;
        vm.Slots.Delete(1);
        Assert.Empty(vm.Oracle.Violations);
        Assert.Null(vm.Access(ScriptedVm.Small.Start));
        Violation violation = Assert.Single(vm.Oracle.Violations);
        Assert.Equal("I21", violation.Invariant);
        Assert.Contains("freed in generation 2", violation.What, StringComparison.Ordinal);
        Assert.Equal(vm.Vcpus[0].Root.Id, violation.RootId);
    }

    private sealed class ZapsNothing(Vm<ScriptedMachine> vm, bool? keepsRoots) : Mainline<ScriptedMachine>(vm)
    {
        public override bool? KeepsRoots => keepsRoots;

        public override void InvalidateAllRoots(ExclusiveHold hold) { }
    }

    private sealed class SaysOrNot(Vm<ScriptedMachine> vm, bool? keepsRoots) : SlotZap<ScriptedMachine>(vm)
    {
        public override bool? KeepsRoots => keepsRoots;
    }
}
