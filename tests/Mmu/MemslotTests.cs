using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

public class MemslotTests
{
    private const ulong Base = 0x40000;

    [Fact]
    public void A_slot_is_found_by_each_of_its_frames_and_by_no_other()
    {
        using Vm<Metal> vm = NewVm();
        Assert.Equal(MemslotResult.Done, vm.Slots.Create(3, GfnRange.Of(Base, 64), MemslotFlags.ReadOnly));
        Assert.True(vm.Slots.Active.TryFind(new Gfn(Base), out Memslot slot));
        Assert.True(vm.Slots.Active.TryFind(new Gfn(Base + 63), out Memslot last));
        Assert.Equal(slot, last);
        Assert.Equal(3, slot.Id);
        Assert.True(slot.IsReadOnly);
        Assert.False(slot.IsInvalid);
        Assert.False(vm.Slots.Active.TryFind(new Gfn(Base - 1), out _));
        Assert.False(vm.Slots.Active.TryFind(new Gfn(Base + 64), out _));
        Assert.Equal(FrameStamp.Of(3, slot.Generation), new FrameStamp(FrameStamp.At(slot.Hva)));
    }

    [Fact]
    public void Updates_that_make_no_sense_are_refused_and_change_nothing()
    {
        using Vm<Metal> vm = NewVm();
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.None);
        vm.Slots.Create(2, GfnRange.Of(Base + 64, 64), MemslotFlags.ReadOnly);
        (ulong generation, ulong made) = (vm.Slots.Active.Generation, vm.Slots.LastGeneration);

        Assert.Equal(MemslotResult.Overlaps, vm.Slots.Create(3, GfnRange.Of(Base + 63, 1), MemslotFlags.None));
        Assert.Equal(MemslotResult.Overlaps, vm.Slots.Create(1, GfnRange.Of(Base + 1000, 1), MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Create(3, GfnRange.Of(Base + 1000, 0), MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Create(-1, GfnRange.Of(Base + 1000, 1), MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Create(3, GfnRange.Of(1UL << 36, 1), MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Create(3, GfnRange.Of(Base + 1000, 1), MemslotFlags.Invalid));
        Assert.Equal(MemslotResult.NoSuchSlot, vm.Slots.Delete(3));
        Assert.Equal(MemslotResult.NoSuchSlot, vm.Slots.Move(3, new Gfn(0)));
        Assert.Equal(MemslotResult.NoSuchSlot, vm.Slots.SetFlags(3, MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Share(3, new Gfn(Base + 1000), 1));
        Assert.Equal(MemslotResult.Overlaps, vm.Slots.Move(1, new Gfn(Base + 1)));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Move(1, new Gfn((1UL << 36) - 63)));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.Move(1, new Gfn(ulong.MaxValue - 10)));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.SetFlags(1, MemslotFlags.ReadOnly));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.SetFlags(2, MemslotFlags.None));
        Assert.Equal(MemslotResult.Invalid, vm.Slots.SetFlags(1, MemslotFlags.Invalid));
        Assert.Equal(MemslotResult.Done, vm.Slots.SetFlags(1, MemslotFlags.None));

        Assert.Equal(generation, vm.Slots.Active.Generation);
        Assert.Equal(made, vm.Slots.LastGeneration);
        Assert.Equal(2, vm.Slots.Active.Count);
        Assert.False(vm.SlotsLock.IsHeldByCaller);
        Assert.True(vm.MmuLock.IsFree);
    }

    [Fact]
    public void There_is_room_for_as_many_slots_as_said_and_not_for_one_more()
    {
        using Vm<Metal> vm = NewVm();
        for (int slot = 0; slot < MemslotArray.Capacity; slot++)
        {
            Assert.Equal(MemslotResult.Done, vm.Slots.Create(slot, GfnRange.Of((ulong)slot, 1), MemslotFlags.None));
        }
        Assert.Equal(MemslotResult.Invalid,
            vm.Slots.Create(MemslotArray.Capacity, GfnRange.Of(MemslotArray.Capacity + 1000, 1), MemslotFlags.None));
        vm.Slots.Delete(17);
        Assert.Equal(MemslotResult.Done, vm.Slots.Create(MemslotArray.Capacity, GfnRange.Of(17, 1), MemslotFlags.None));
    }

    [Fact]
    public void A_create_is_one_publication_a_delete_and_a_move_are_two()
    {
        using Vm<Metal> vm = NewVm();
        ulong before = vm.Slots.Active.Generation;
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.None);
        Assert.Equal(before + 1, vm.Slots.Active.Generation);
        vm.Slots.Move(1, new Gfn(Base + 640));
        Assert.Equal(before + 3, vm.Slots.Active.Generation);
        vm.Slots.SetFlags(1, MemslotFlags.LogDirtyPages);
        Assert.Equal(before + 4, vm.Slots.Active.Generation);
        vm.Slots.Delete(1);
        Assert.Equal(before + 6, vm.Slots.Active.Generation);
        Assert.Equal(0, vm.Slots.Active.Count);
        Assert.Equal(2UL, vm.Slots.LastGeneration);
    }

    [Fact]
    public void A_moved_slot_is_at_its_new_place_with_memory_made_anew_and_its_flags_kept()
    {
        using Vm<Metal> vm = NewVm();
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.ReadOnly);
        vm.Slots.Active.TryGet(1, out Memslot old);
        Assert.Equal(MemslotResult.Done, vm.Slots.Move(1, new Gfn(Base + 32)));
        vm.Slots.Active.TryGet(1, out Memslot moved);
        Assert.Equal(GfnRange.Of(Base + 32, 64), moved.Range);
        Assert.Equal(MemslotFlags.ReadOnly, moved.Flags);
        Assert.NotEqual(old.Hva, moved.Hva);
        Assert.True(moved.Generation > old.Generation);
        Assert.Equal(FrameStamp.FreedSlot, new FrameStamp(FrameStamp.At(old.Hva)).Slot);
    }

    [Fact]
    public void Memory_under_two_slots_is_freed_with_the_last_of_them()
    {
        using Vm<Metal> vm = NewVm(sharesMemory: true);
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.None);
        Assert.Equal(MemslotResult.NoSuchSlot, vm.Slots.Share(2, new Gfn(Base + 640), 7));
        Assert.Equal(MemslotResult.Overlaps, vm.Slots.Share(2, new Gfn(Base + 63), 1));
        Assert.Equal(MemslotResult.Done, vm.Slots.Share(2, new Gfn(Base + 640), 1));
        vm.Slots.Active.TryGet(1, out Memslot first);
        vm.Slots.Active.TryGet(2, out Memslot second);
        Assert.Equal((first.Hva, GfnRange.Of(Base + 640, 64)), (second.Hva, second.Range));

        vm.Slots.Delete(1);
        Assert.Equal(FrameStamp.Of(1, first.Generation), new FrameStamp(FrameStamp.At(first.Hva)));
        Assert.Equal(ExitOutcome.Fixed, vm.Access(new Gfn(Base + 640)));
        vm.Slots.Delete(2);
        Assert.Equal(FrameStamp.FreedSlot, new FrameStamp(FrameStamp.At(first.Hva)).Slot);
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Other_places_of_a_range_are_as_far_into_the_other_slots_as_it_is_into_its_own()
    {
        using Vm<Metal> vm = NewVm(sharesMemory: true);
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.None);
        vm.Slots.Create(2, GfnRange.Of(Base + 64, 64), MemslotFlags.None);
        vm.Slots.Share(3, new Gfn(100), 1);
        vm.Slots.Share(4, new Gfn(200), 1);
        MemslotArray slots = vm.Slots.Active;
        Assert.Equal([GfnRange.Of(110, 4), GfnRange.Of(210, 4)], slots.OtherPlaces(GfnRange.Of(Base + 10, 4)));
        Assert.Equal([GfnRange.Of(Base + 10, 4), GfnRange.Of(210, 4)], slots.OtherPlaces(GfnRange.Of(110, 4)));
        // What reaches beyond the slot is cut to it, and the slot behind it lies nowhere else.
        Assert.Equal([GfnRange.Of(160, 4), GfnRange.Of(260, 4)], slots.OtherPlaces(GfnRange.Of(Base + 60, 20)));
        Assert.Empty(slots.OtherPlaces(GfnRange.Of(Base + 64, 64)));
    }

    [Fact]
    public void While_a_fast_zap_runs_the_slot_is_there_but_invalid_and_faults_on_it_are_retried()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New("mainline", script);
        vm.Touch(ScriptedVm.Small);
        bool looked = false;
        script.Once(PausePoint.FastZap, () =>
        {
            looked = true;
            Assert.True(vm.Slots.Active.TryGet(1, out Memslot slot));
            Assert.True(slot.IsInvalid);
            Assert.True(vm.Slots.Active.TryGet(0, out Memslot other));
            Assert.False(other.IsInvalid);
            long retried = Actor.Current.Counters.FaultsRetried;
            Assert.Equal(ExitOutcome.Retry, vm.Access(ScriptedVm.Small.Start));
            Assert.Equal(1, Actor.Current.Counters.FaultsRetried - retried);
            Assert.Equal(0, vm.Present(vm.Vcpus[0].Root, ScriptedVm.Small));
        });
        vm.Slots.Delete(1);
        Assert.True(looked);
        Assert.False(vm.Slots.Active.TryGet(1, out _));
        // The access is still pending: it is taken again, and there is no slot any more.
        Assert.Equal(ExitOutcome.Mmio, vm.Access(ScriptedVm.Small.Start));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void A_fault_outside_all_slots_or_a_write_to_a_read_only_one_is_left_to_user_space()
    {
        using Vm<Metal> vm = NewVm();
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.ReadOnly);
        Assert.Equal(ExitOutcome.Mmio, vm.Access(new Gfn(Base + 64)));
        Assert.Equal(ExitOutcome.Fixed, vm.Access(new Gfn(Base)));
        Assert.Null(vm.Access(new Gfn(Base)));
        Assert.Equal(ExitOutcome.Mmio, vm.Access(new Gfn(Base), write: true));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Dirty_logging_makes_each_page_fault_on_its_first_write_and_reads_go_on()
    {
        using Vm<Metal> vm = NewVm();
        vm.Slots.Create(1, GfnRange.Of(Base, 64), MemslotFlags.None);
        vm.Touch(GfnRange.Of(Base, 64));
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.Equal(MemslotResult.Done, vm.Slots.SetFlags(1, MemslotFlags.LogDirtyPages));
        Assert.Null(vm.Access(new Gfn(Base + 1)));
        Assert.Equal(ExitOutcome.Fixed, vm.Access(new Gfn(Base + 1), write: true));
        Assert.Null(vm.Access(new Gfn(Base + 1), write: true));
        Assert.Equal(root, vm.Vcpus[0].Root);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    private static Vm<Metal> NewVm(bool sharesMemory = false) =>
        StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, SharesMemory = sharesMemory });
}
