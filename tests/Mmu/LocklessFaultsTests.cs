using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Faults that take no mmu_lock on radix: writes to pages that are only write-protected, and frames without a
/// memslot.</summary>
public sealed class LocklessFaultsTests
{
    [Fact]
    public void A_write_to_a_write_protected_page_is_mended_and_logged_while_somebody_holds_the_lock()
    {
        using Vm<Metal> vm = New(new VmSettings { Vcpus = 1, MemoryBytes = 4 << 20, FastFaults = true });
        vm.Touch(GfnRange.Of(0, 4));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        ExclusiveHold hold = vm.EnterExclusive();
        Assert.Equal(ExitOutcome.Fixed, vm.HandleFault(vm.Vcpus[0], new Gfn(2), write: true));
        vm.Exit(hold);
        Assert.Equal(1, vm.Slots.CollectDirty(0));
        End(vm);
    }

    [Fact]
    public void What_is_not_mapped_or_may_never_be_written_is_left_to_the_lock()
    {
        using Vm<Metal> vm = New(new VmSettings { Vcpus = 1, MemoryBytes = 4 << 20, FastFaults = true });
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        vm.Touch(GfnRange.Of(0, 1));
        vm.Slots.Active.TryGet(0, out Memslot slot);
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.False(vm.Lockless.TryFix(root, slot, new Gfn(9)));
        // Read while the slot logs: a write must go through the log.
        Assert.False(vm.Lockless.TryFix(root, slot, new Gfn(0)));
        End(vm);
    }

    [Fact]
    public void The_tables_answer_for_a_frame_without_a_slot_until_there_is_one()
    {
        using Vm<Metal> vm = New(new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20, CachesMmio = true });
        Gfn hole = new(1500);
        vm.Touch(GfnRange.Of(0, 1));
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.False(vm.Lockless.HasMmioFor(root, hole, vm.Slots.Active));
        vm.Vcpus[0].Tables.TopUp();
        Assert.Equal(ExitOutcome.Mmio, vm.HandleFault(vm.Vcpus[0], hole, write: false));
        Assert.True(vm.Lockless.HasMmioFor(root, hole, vm.Slots.Active));
        ExclusiveHold hold = vm.EnterExclusive();
        Assert.Equal(ExitOutcome.Mmio, vm.HandleFault(vm.Vcpus[0], hole, write: true));
        vm.Exit(hold);

        vm.Slots.Create(1, GfnRange.Of(hole.Value, 1), MemslotFlags.None);
        Assert.False(vm.Lockless.HasMmioFor(root, hole, vm.Slots.Active));
        Assert.Equal(1, vm.Touch(GfnRange.Of(hole.Value, 1)));
        End(vm);
    }

    private static Vm<Metal> New(VmSettings settings)
    {
        Vm<Metal> vm = StrategyFixture.NewVm("mainline", settings);
        vm.Slots.Create(0, GfnRange.Of(0, 1024), MemslotFlags.None);
        return vm;
    }

    private static void End(Vm<Metal> vm)
    {
        vm.Vcpus[0].CheckCached();
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }
}
