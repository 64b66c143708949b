using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>Windows as the tables of a VM: what is mapped, zapped, protected, freed and used again.</summary>
public class HostMmuTests
{
    [Fact]
    public void A_fault_maps_a_piece_and_the_kernel_its_pages_as_they_are_touched()
    {
        using HostRig rig = new();
        Assert.Equal((long)(ScriptedVm.Main.Frames / HostRig.ChunkFrames), rig.Vm.Touch(ScriptedVm.Main));
        Assert.Equal((long)ScriptedVm.Main.Frames, rig.Vm.Present(rig.Vcpu.Root, ScriptedVm.Main));
        Assert.Equal((long)ScriptedVm.Main.Frames, HostRig.PresentIn(rig.Host, rig.WindowOfVcpu));
        Assert.Equal(1 + (long)(ScriptedVm.Main.Frames / HostRig.ChunkFrames), rig.Mmu.TablePages);
        Assert.Equal(0, rig.Vm.Touch(ScriptedVm.Main));
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void A_zapped_root_has_no_page_and_no_piece_left()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        ActorCounters counters = Actor.Current.Counters;
        long zapped = counters.TablesZapped;
        SharedHold hold = rig.Vm.EnterShared();
        rig.Mmu.ZapRoot(rig.Vcpu.Root, hold, ZapPasses.AsSource, mayYield: true, hooks: null);
        rig.Vm.Exit(hold);
        Assert.Equal((long)(ScriptedVm.Main.Frames / HostRig.ChunkFrames), counters.TablesZapped - zapped);
        Assert.Equal(0, HostRig.PresentIn(rig.Host, rig.WindowOfVcpu));
        Assert.Equal(0, rig.Vm.Present(rig.Vcpu.Root, GfnRange.All));
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void Zapping_a_range_takes_whole_pieces_and_owes_no_flush()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        ExclusiveHold hold = rig.Vm.EnterExclusive();
        bool owed = rig.Mmu.ZapLeafs(rig.Vcpu.Root, GfnRange.Of(HostRig.ChunkFrames + 3, HostRig.ChunkFrames), hold,
            mayYield: true, flush: false);
        bool handedBack = rig.Mmu.ZapLeafs(rig.Vcpu.Root, GfnRange.Of(0x100000, 1), hold, mayYield: true, flush: true);
        rig.Vm.Exit(hold);
        Assert.False(owed);
        Assert.True(handedBack);
        Assert.Equal(0, rig.Vm.Present(rig.Vcpu.Root, GfnRange.Of(HostRig.ChunkFrames, 2 * HostRig.ChunkFrames)));
        Assert.Equal((long)(ScriptedVm.Main.Frames - 2 * HostRig.ChunkFrames), HostRig.PresentIn(rig.Host, rig.WindowOfVcpu));
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void Dirty_logging_makes_pieces_read_only_until_they_are_written_to()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        Assert.Equal(MemslotResult.Done, rig.Vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages));
        Assert.Null(rig.Vm.Access(new Gfn(5)));
        Assert.Equal(ExitOutcome.Fixed, rig.Vm.Access(new Gfn(5), write: true));
        Assert.Null(rig.Vm.Access(new Gfn(6), write: true));
        Assert.Equal(ExitOutcome.Fixed, rig.Vm.Access(new Gfn(HostRig.ChunkFrames), write: true));
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void A_fault_beside_a_range_that_is_being_invalidated_leaves_the_range_alone()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        GfnRange invalid = GfnRange.Of(4, 4);
        rig.Vm.Notifier.RangeStart(invalid);
        Assert.Equal(0, rig.Vm.Present(rig.Vcpu.Root, invalid));
        Assert.Equal(ExitOutcome.Fixed, rig.Vm.Access(new Gfn(12)));
        Assert.Equal(ExitOutcome.Fixed, rig.Vm.Access(new Gfn(1), write: true));
        Assert.Equal(0, rig.Vm.Present(rig.Vcpu.Root, invalid));
        Assert.Equal((2, 12), PiecesIn(rig, GfnRange.Of(0, HostRig.ChunkFrames)));
        rig.Vm.Notifier.RangeEnd(invalid);
        // What is left between the two is mapped as a piece of its own.
        Assert.Equal(ExitOutcome.Fixed, rig.Vm.Access(new Gfn(6)));
        Assert.Equal((3, 16), PiecesIn(rig, GfnRange.Of(0, HostRig.ChunkFrames)));
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void An_access_where_no_window_reaches_is_skipped_and_a_slot_there_is_refused_in_one_sentence()
    {
        using HostRig rig = new();
        Assert.Equal(ExitOutcome.Mmio, rig.Vm.Access(new Gfn(1UL << 30)));
        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(
            () => rig.Mmu.AllocateBacking(GfnRange.Of(1UL << 30, 1), FrameStamp.Of(5, 5)));
        Assert.Contains("outside the windows of --mmu host", refused.Message, StringComparison.Ordinal);
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void A_strategy_that_leaves_slots_to_the_kernel_is_refused_in_one_sentence()
    {
        using HostRig rig = new();
        HardwareUnavailableException refused =
            Assert.Throws<HardwareUnavailableException>(() => rig.Host.NewMmu(rig.Vm, SlotUpdates.Kernel));
        Assert.Contains("--mmu kvm", refused.Message, StringComparison.Ordinal);
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void A_root_that_was_freed_ends_the_run_of_a_core_with_a_complaint()
    {
        using HostRig rig = new("baseline");
        rig.Vm.Touch(ScriptedVm.Small);
        TdpRoot root = rig.Vcpu.Root;
        rig.Vcpu.Unload();
        rig.Vm.Machine.Barrier(rig.Vm.Rcu);
        using IVcpuCore core = rig.Mmu.NewCore(0, rig.Vm.Requests.AddressOf(0));
        core.Put(0, ScriptedVm.Small.Start, AccessKind.Read);
        CoreExit exit = core.Run(root, 0, 1);
        Assert.Equal((CoreExitReason.Failed, 0), (exit.Reason, exit.Next));
        Assert.Contains("I3", exit.Complaint, StringComparison.Ordinal);
        AssertGoesCleanly(rig);
    }

    [Fact]
    public void Where_no_window_is_free_no_root_is_made_and_one_is_when_a_window_comes_back()
    {
        using HostRig rig = new(contexts: 2);
        TdpRoot[] roots = [.. Enumerable.Range(0, 3).Select(_ => rig.Mmu.CreateRoot(rig.Mmu.NewCache(), RootRole.Normal))];
        Assert.Equal([false, false, true], roots.Select(root => root.IsNone));
        FreeUnlinked(rig, roots[0]);
        Assert.False(rig.Mmu.CreateRoot(rig.Mmu.NewCache(), RootRole.Normal).IsNone);
        Assert.Equal(2, rig.Mmu.TablePages);
    }

    /// <summary>What puts leave behind waits for a worker, a list, the vCPU itself; a fast zap, which empties it all, never comes
    /// here.</summary>
    [Theory]
    [InlineData("baseline", 2)]
    [InlineData("defunct-flag", 8)]
    [InlineData("second-list", 8)]
    [InlineData("second-list-shared", 8)]
    [InlineData("second-list-shared", 2)]
    [InlineData("workqueue", 8)]
    public void A_pool_no_larger_than_what_puts_may_leave_behind_is_enough(string strategy, int contexts)
    {
        const int Loads = 40, WaitsMax = 10_000;
        using HostRig rig = new(strategy, contexts: contexts);
        for (int load = 0; load < Loads; load++)
        {
            RootRole role = load % 2 == 0 ? RootRole.SystemManagement : RootRole.Normal;
            int waits = 0;
            while (rig.Vcpu.SwitchRole(role) == ExitOutcome.NoMemory && waits < WaitsMax) waits++;
            Assert.False(rig.Vcpu.Root.IsNone, $"load {load} found no root in {waits} tries");
            rig.Vm.Touch(ScriptedVm.Small);
        }
        AssertGoesCleanly(rig);
    }

    /// <summary>A guest of a gigabyte takes half a minute where the processor is emulated, in one step.</summary>
    [Fact]
    public void Who_stamps_much_memory_says_that_it_gets_on()
    {
        using SlotMemory memory = new(BackingKind.Shared);
        Actor self = Actor.Current;
        long before = self.Doings, pages = SlotMemory.BeatBytes / SlotMemory.PageBytes;
        SlotBacking backing = memory.Allocate(GfnRange.Of(0, 4 * (ulong)pages), FrameStamp.Of(1, 1));
        Assert.Equal(4, self.Doings - before);
        Assert.True(self.Moves >= 4);
        memory.Free(backing.Address, generation: 1);
        memory.Settle(FrameStamp.Of(1, 2));
        Assert.Equal(8, self.Doings - before);
        memory.Allocate(GfnRange.Of(0, (ulong)pages - 1), FrameStamp.Of(2, 3));
        Assert.Equal(8, self.Doings - before);
    }

    [Fact]
    public void Three_hundred_roots_on_recycled_windows_leave_mappings_and_descriptors_as_they_were()
    {
        using HostRig rig = new("baseline", contexts: 4);
        Round();
        string window = $"{rig.WindowOfVcpu.Address:x}";
        int mappings = MappingsOf(rig);
        ulong firstRoot = rig.Vcpu.Root.Id;
        for (int round = 0; round < 300; round++) Round();
        Assert.True(rig.Vcpu.Root.Id >= firstRoot + 300, "the root was not made anew");
        Assert.True(MappingsOf(rig) <= mappings + 4, $"{mappings} mappings became {MappingsOf(rig)} (window at {window})");
        AssertGoesCleanly(rig);

        void Round()
        {
            rig.Vcpu.Unload();
            rig.Vm.Machine.Barrier(rig.Vm.Rcu);
            rig.Vm.Touch(ScriptedVm.Small);
        }
    }

    [Fact]
    public void Hosts_come_and_go_without_leaving_a_descriptor_of_theirs()
    {
        for (int round = 0; round < 20; round++)
        {
            using HostRig rig = new();
            rig.Vm.Touch(ScriptedVm.Small);
            Assert.Equal(1, DescriptorsNamed(rig.Host.Memory.File!.Number, "guest memory"));
            AssertGoesCleanly(rig);
        }
    }

    internal static void AssertGoesCleanly(HostRig rig)
    {
        rig.Vm.Destroy();
        Assert.Empty(rig.Vm.Oracle.Violations.Select(violation => $"{violation.Invariant}: {violation.What}"));
        Assert.Equal(0, rig.Mmu.TablePages);
    }

    private static void FreeUnlinked(HostRig rig, TdpRoot root)
    {
        Mark(root);
        rig.Mmu.FreeRoot(root);
        rig.Mmu.Rcu.Barrier();
    }

    private static unsafe void Mark(TdpRoot root) => root.Header->State = (ulong)RootState.Unlinked;

    private static (long Pieces, long Frames) PiecesIn(HostRig rig, GfnRange range) => rig.WindowOfVcpu.Pieces.CountIn(range);

    /// <summary>Lines of /proc/self/maps within the host's windows; other tests map memory of their own meanwhile.</summary>
    private static int MappingsOf(HostRig rig)
    {
        int count = 0;
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            nint start = (nint)Convert.ToInt64(line[..line.IndexOf('-', StringComparison.Ordinal)], 16);
            for (int index = 0; index < 4; index++)
            {
                if (rig.Host.WindowAt(index) is { } window && start >= window.Address
                    && start < window.Address + (nint)window.Bytes)
                {
                    count++;
                }
            }
        }
        return count;
    }

    private static int DescriptorsNamed(int number, string name) =>
        new FileInfo($"/proc/self/fd/{number}").LinkTarget?.Contains(name, StringComparison.Ordinal) == true ? 1 : 0;
}
