using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Strategies;
using Lab.Tests.Workloads;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>What the running kernel does with memslots, seen by what the guest reads. Without KVM the refusal is the test
/// (<see cref="KvmBench.TryMake"/>).</summary>
public sealed class KernelSlotsTests
{
    private const ulong Away = 1 << 18;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(200);

    public static TheoryData<string> Kernels => ["kernel", "kernel-slot-zap"];

    /// <summary>With the quirk a delete takes down all of memory, without it only the slot.</summary>
    [Theory]
    [InlineData("kernel", true)]
    [InlineData("kernel-slot-zap", false)]
    public void A_deleted_slot_takes_other_slots_down_only_with_the_quirk(string strategy, bool takesAll) =>
        On(strategy, new HardwareSettings(), vm =>
    {
        vm.Slots.Create(0, GfnRange.Of(0, 512), MemslotFlags.None);
        vm.Slots.Create(1, GfnRange.Of(Away, 8), MemslotFlags.None);
        Touch(vm, GfnRange.Of(Away, 8));
        long[] again = [.. Enumerable.Range(0, 5).Select(_ =>
        {
            Touch(vm, GfnRange.Of(0, 512));
            vm.Slots.Delete(1);
            vm.Slots.SettleMemory();
            long ticks = Touch(vm, GfnRange.Of(0, 512));
            vm.Slots.Create(1, GfnRange.Of(Away, 8), MemslotFlags.None);
            Touch(vm, GfnRange.Of(Away, 8));
            return ticks;
        })];
        long warm = Enumerable.Range(0, 5).Min(_ => Touch(vm, GfnRange.Of(0, 512)));
        Assert.True(takesAll == again.Min() > 4 * warm,
            $"512 pages took {again.Min()} ticks after the delete, {warm} when all were mapped");
    });

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_moved_slot_is_reached_at_its_new_place_and_not_at_the_old_one(string strategy) =>
        On(strategy, new HardwareSettings(), vm =>
    {
        GfnRange first = GfnRange.Of(0, 64), second = GfnRange.Of(Away, 64);
        vm.Slots.Create(3, first, MemslotFlags.None);
        for (int round = 0; round < 20; round++)
        {
            (GfnRange from, GfnRange to) = round % 2 == 0 ? (first, second) : (second, first);
            Touch(vm, from);
            Assert.Equal(MemslotResult.Done, vm.Slots.Move(3, to.Start));
            Assert.Equal(ExitOutcome.Mmio, OneAccess(vm, from));
            Touch(vm, to);
            foreach (GuestTouch touch in vm.Vcpus[0].Touches) Assert.Equal(3, new FrameStamp(touch.Stamp).Slot);
        }
    });

    /// <summary>Every page that is written between two harvests is reported, and none that is only read.</summary>
    [Theory]
    [InlineData(DirtyTracking.Log)]
    [InlineData(DirtyTracking.Ring)]
    public void What_was_written_is_reported_and_what_was_read_is_not(DirtyTracking dirty) =>
        On("kernel", new HardwareSettings { Dirty = dirty }, vm =>
    {
        vm.Slots.Create(0, GfnRange.Of(0, 1024), MemslotFlags.None);
        Assert.Equal(MemslotResult.Done, vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages));
        Touch(vm, GfnRange.Of(0, 1024));
        vm.Slots.CollectDirty(0);
        for (ulong pages = 1; pages <= 1024; pages *= 4)
        {
            Touch(vm, GfnRange.Of(0, 1024), writeEvery: 0);
            Touch(vm, GfnRange.Of(1024 - pages, pages));
            Assert.Null(DirtyLog<Metal>.Judge((long)pages, vm.Slots.CollectDirty(0), mayRepeat: dirty == DirtyTracking.Ring));
            Assert.Equal(0, vm.Slots.CollectDirty(0));
        }
        vm.Slots.SetFlags(0, MemslotFlags.None);
        Touch(vm, GfnRange.Of(0, 1024));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.Equal(0, vm.Slots.CollectDirty(0));
    });

    /// <summary>More distinct pages than a ring has room for: the vCPU leaves, is sent back when there is room, and nothing is
    /// lost.</summary>
    [Fact]
    public void A_full_ring_makes_the_vcpu_wait_for_its_harvester() =>
        On("kernel", new HardwareSettings { Dirty = DirtyTracking.Ring }, vm =>
    {
        const ulong pages = KvmDirtyRing.Bytes / 16 + 2048;
        vm.Slots.Create(0, GfnRange.Of(0, pages), MemslotFlags.None);
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        AccessPattern pattern = new(1, GfnRange.Of(0, pages)) { Stride = 1, WriteEvery = 1, Cursor = pages - 1 };
        long end = Actor.Current.Counters.Accesses + (long)pages, reported = 0;
        int full = 0;
        while (Actor.Current.Counters.Accesses < end)
        {
            long before = Actor.Current.Counters.Accesses;
            VcpuExit exit = vm.Vcpus[0].Run(ref pattern, (int)(end - before));
            if (exit.IsDone) continue;
            vm.Vcpus[0].Serve(exit);
            if (Actor.Current.Counters.Accesses != before) continue;
            full++;
            reported += vm.Slots.CollectDirty(0);
        }
        reported += vm.Slots.CollectDirty(0);
        Assert.InRange(full, 1, 1000);
        Assert.True(reported >= (long)pages, $"{reported} of {pages} pages were reported");
    });

    /// <summary>Memory of a file that is dropped keeps its contents; a hole reads as zeroes; memory of no slot is
    /// nobody's.</summary>
    [Theory]
    [InlineData(MemoryDrop.DontNeed)]
    [InlineData(MemoryDrop.PunchHole)]
    public void Dropped_memory_is_dropped_where_it_was_asked_for(MemoryDrop drop) =>
        On("kernel", new HardwareSettings { Drop = drop }, vm =>
    {
        vm.Slots.Create(0, GfnRange.Of(0, 64), MemslotFlags.None);
        vm.Slots.Create(1, GfnRange.Of(64, 64), MemslotFlags.None);
        Touch(vm, GfnRange.Of(0, 128));
        vm.Slots.Kernel!.PopulateOutside(16);
        vm.Notifier.RangeStart(GfnRange.Of(Away, 16));
        vm.Notifier.RangeEnd(GfnRange.Of(Away, 16));
        GfnRange dropped = GfnRange.Of(60, 8);
        vm.Notifier.RangeStart(dropped);
        vm.Notifier.RangeEnd(dropped);
        Assert.False(vm.Notifier.Counts);
        Touch(vm, GfnRange.Of(0, 128));
        ReadOnlySpan<GuestTouch> touches = vm.Vcpus[0].Touches;
        for (int gfn = 0; gfn < 128; gfn++)
        {
            bool isHole = drop == MemoryDrop.PunchHole && dropped.Contains(new Gfn((ulong)gfn));
            Assert.Equal(isHole ? 0 : FrameStamp.Of(gfn / 64, (ulong)gfn / 64 + 1).Word, touches[gfn].Stamp);
        }
    });

    [Fact]
    public void Bystanders_take_up_slots_of_the_kernel_and_none_of_the_lab() => On("kernel", new HardwareSettings(), vm =>
    {
        vm.Slots.Create(0, GfnRange.Of(0, 8), MemslotFlags.None);
        Assert.Equal(MemslotResult.Done, vm.Slots.CreateBystanders(2, 300, new Gfn(Away)));
        Assert.Equal(1, vm.Slots.Active.Count);
        Touch(vm, GfnRange.Of(0, 8));
        Touch(vm, GfnRange.Of(Away + 2 * 299, 1));
        Assert.Equal(ExitOutcome.Mmio, OneAccess(vm, GfnRange.Of(Away + 2 * 299 + 1, 1)));
    });

    [Theory]
    [InlineData("kernel", 0, null)]
    [InlineData("kernel", 0, 0.0)]
    [InlineData("kernel", 200, 20.0)]
    [InlineData("workqueue", 20, null)]
    public void A_storm_is_clean_alone_against_updates_and_outside_every_slot(string strategy, int bystanders, double? updates)
    {
        foreach (bool outside in (bool[])[false, true])
        {
            using IHardwareHost? host = TryOpen(new HardwareSettings { Contexts = 16 });
            if (host is null) return;
            WorkloadParameters parameters = new WorkloadParameters().With(WorkloadParameters.Bystanders,
                bystanders).With(FaultStorm.Updates, updates).With(FaultStorm.Outside, outside).With(FaultStorm.Pages, 16);
            WorkloadRun.Of(strategy, typeof(FaultStorm<>), Window, parameters: parameters, host: host).AssertClean();
        }
    }

    [Theory]
    [InlineData("kernel-slot-zap", DirtyTracking.Log)]
    [InlineData("kernel", DirtyTracking.Ring)]
    public void Dirty_log_is_clean_and_its_answer_right(string strategy, DirtyTracking dirty)
    {
        using IHardwareHost? host = TryOpen(new HardwareSettings { Dirty = dirty });
        if (host is null) return;
        WorkloadRun.Of(strategy, typeof(DirtyLog<>), Window,
            parameters: new WorkloadParameters().With(WorkloadParameters.Rate, 500), host: host).AssertClean();
    }

    [Theory]
    [InlineData(10, 10, false, true)]
    [InlineData(10, 9, false, false)]
    [InlineData(10, 11, false, false)]
    [InlineData(10, 9, true, false)]
    [InlineData(10, 11, true, true)]
    public void A_harvest_that_misses_a_page_is_wrong(long written, long reported, bool mayRepeat, bool right) =>
        Assert.Equal(right, DirtyLog<Metal>.Judge(written, reported, mayRepeat) is null);

    /// <summary>Runs with one vCPU on a VM of its own, and asks the oracles afterwards.</summary>
    private static void On(string strategy, HardwareSettings settings, Action<Vm<Metal>> body)
    {
        using IHardwareHost? host = TryOpen(settings);
        if (host is null) return;
        if (host.MissingFor(strategy == "kernel" ? SlotUpdates.Kernel : SlotUpdates.KernelSlotAlone) is { } missing)
        {
            Assert.Contains("Linux 6.12", missing);
            return;
        }
        using Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 }, host);
        Actor.Enter("test");
        body(vm);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Actor.Leave();
    }

    /// <summary>Touches each page of the range in order; the ticks that the guest spent on all of them.</summary>
    private static long Touch(Vm<Metal> vm, GfnRange range, uint writeEvery = 1)
    {
        AccessPattern pattern = new(1, range) { Stride = 1, WriteEvery = writeEvery, Cursor = range.Frames - 1 };
        long end = Actor.Current.Counters.Accesses + (long)range.Frames;
        vm.Vcpus[0].ClaimTouches();
        while (Actor.Current.Counters.Accesses < end)
        {
            if (vm.Vcpus[0].Run(ref pattern, (int)(end - Actor.Current.Counters.Accesses)) is { IsDone: false } exit)
            {
                Assert.NotEqual(ExitOutcome.Mmio, vm.Vcpus[0].Serve(exit));
            }
        }
        long ticks = 0;
        foreach (GuestTouch touch in vm.Vcpus[0].Touches) ticks += (long)touch.Ticks;
        return ticks;
    }

    /// <summary>What became of one access to the first page of the range.</summary>
    private static ExitOutcome OneAccess(Vm<Metal> vm, GfnRange range)
    {
        AccessPattern pattern = new(1, range) { Stride = 1, WriteEvery = 1, Cursor = range.Frames - 1 };
        while (true)
        {
            VcpuExit exit = vm.Vcpus[0].Run(ref pattern, 1);
            Assert.False(exit.IsDone);
            if (vm.Vcpus[0].Serve(exit) is var outcome and not (ExitOutcome.Reloaded or ExitOutcome.Retry)) return outcome;
        }
    }

    private static IHardwareHost? TryOpen(HardwareSettings settings)
    {
        using KvmBench? bench = KvmBench.TryMake();
        return bench is null ? null : HardwareHosts.Open("kvm", settings);
    }
}
