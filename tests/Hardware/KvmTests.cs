using System.Diagnostics;
using System.Runtime.InteropServices;
using Iced.Intel;
using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>The layer over the ioctls: layouts, refusals, statistics, kicks.</summary>
public sealed class KvmTests
{
    public static TheoryData<string> Layouts => [.. KvmAbi.Layouts.Select(layout => layout.Name)];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_structure_has_the_size_that_its_ioctl_number_encodes(string name)
    {
        (string _, uint number, int bytes) = KvmAbi.Layouts.Single(layout => layout.Name == name);
        Assert.Equal(KvmAbi.EncodedBytes(number), bytes);
    }

    /// <summary>Offsets of struct kvm_run and of the statistics, which no number encodes.</summary>
    [Fact]
    public void Structures_without_a_number_lie_as_the_header_has_them()
    {
        Assert.Equal(1, (int)Marshal.OffsetOf<KvmRunPage>(nameof(KvmRunPage.ImmediateExit)));
        Assert.Equal(8, (int)Marshal.OffsetOf<KvmRunPage>(nameof(KvmRunPage.ExitReason)));
        Assert.Equal(32, (int)Marshal.OffsetOf<KvmRunPage>(nameof(KvmRunPage.MmioAddress)));
        Assert.Equal(40, (int)Marshal.OffsetOf<KvmRunPage>(nameof(KvmRunPage.MmioData)));
        Assert.Equal(48, (int)Marshal.OffsetOf<KvmRunPage>(nameof(KvmRunPage.MmioBytes)));
        Assert.Equal(24, Marshal.SizeOf<KvmStatsHeader>());
        Assert.Equal(16, Marshal.SizeOf<KvmStatsDescriptor>());
        Assert.Equal(16, Marshal.SizeOf<KvmDirtyGfn>());
        Assert.Equal(16, Marshal.SizeOf<GuestTouch>());
    }

    [Theory]
    [InlineData("/dev/no-such-kvm", "There is no /dev/no-such-kvm: load KVM (modprobe kvm_intel or kvm_amd), allow nesting in "
        + "the hypervisor below, or use --mmu radix.")]
    [InlineData("/dev/null", "/dev/null is not a KVM device; name one with --kvm-device, usually /dev/kvm.")]
    [InlineData("/proc/self/mem", "/proc/self/mem is not a KVM device; name one with --kvm-device, usually /dev/kvm.")]
    [InlineData("/dev", "/dev cannot be opened (errno 21); name a KVM device with --kvm-device, or use --mmu radix.")]
    public void What_is_no_kvm_is_refused_in_one_sentence(string path, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<HardwareUnavailableException>(() => Kvm.Open(path)).Message);

    [Fact]
    public void A_refused_region_says_the_call_its_operands_and_the_errno_and_changes_nothing()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), FrameStamp.Of(1, 1));
        SystemCallException error = Assert.Throws<SystemCallException>(
            () => bench.Context.Vm.SetRegion(9, MemslotFlags.None, 0x1000, 0x2000, new Hva(0x10001)));
        Assert.StartsWith("KVM_SET_USER_MEMORY_REGION(slot 9, flags 0, guest 0x1000, 8192 bytes, user 0x10001) failed: EINVAL",
            error.Message);
        error = Assert.Throws<SystemCallException>(() => bench.Context.Vm.SetRegion(9, MemslotFlags.None, 0x1000, 0x2000,
            bench.Memory.Allocate(GfnRange.Of(1, 2), default).Address));
        Assert.Equal(17, error.Errno);
        Assert.Equal(CoreExitReason.Done, bench.Run((1, AccessKind.Read)).Reason);
    }

    [Fact]
    public void Statistics_count_the_faults_that_the_guest_took()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 256), FrameStamp.Of(1, 1));
        Dictionary<string, long> before = bench.Context.Vcpus[0].Statistics.Read()
            .ToDictionary(one => one.Name, one => one.Value);
        bench.Run([.. Enumerable.Range(0, 32).Select(index => ((ulong)index * 8, AccessKind.Write))]);
        Dictionary<string, long> after = bench.Context.Vcpus[0].Statistics.Read()
            .ToDictionary(one => one.Name, one => one.Value);
        Assert.True(after["pf_taken"] - before["pf_taken"] > 0, "no fault was counted");
        Assert.True(after["exits"] > before["exits"]);
    }

    [Theory]
    [InlineData(0x00u, false, "count")]
    [InlineData(0x01u, true, "count")]
    [InlineData(0x02u, true, "count")]
    [InlineData(0x20u, false, "ns")]
    [InlineData(0x11u, true, "bytes")]
    public void A_statistic_is_a_gauge_by_the_type_in_its_descriptor(uint flags, bool isGauge, string unit)
    {
        KvmStatsDescriptor descriptor = new() { Flags = flags };
        Assert.Equal((isGauge, unit), (descriptor.IsGauge, KvmStatistics.UnitOf(descriptor)));
    }

    [Fact]
    public void Mapped_pages_are_a_gauge_and_faults_are_not()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        ILookup<string, bool> gauges = bench.Context.Vm.Statistics.Read().Concat(bench.Context.Vcpus[0].Statistics.Read())
            .ToLookup(one => one.Name, one => one.IsGauge);
        Assert.All(gauges["pages_4k"], Assert.True);
        Assert.All(gauges["pf_taken"], Assert.False);
        Assert.NotEmpty(gauges["pages_4k"]);
    }

    /// <summary>The guest of this test never leaves by itself: one instruction that jumps to itself.</summary>
    [Fact]
    public void A_vcpu_that_never_leaves_the_guest_is_got_out_within_a_second()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        SlotBacking backing = bench.Show(GfnRange.Of(0, 1), FrameStamp.Of(1, 1));
        Assembler endless = new(64);
        Label here = endless.CreateLabel();
        endless.Label(ref here);
        endless.jmp(here);
        unsafe
        {
            MachineCode.Assemble(endless, 0x100).CopyTo(new Span<byte>((byte*)backing.Address.Value + 0x100, 16));
        }
        KvmVcpu vcpu = bench.Context.Vcpus[0];
        bench.Image.Restart(vcpu, bench.Image.RequestsBase);
        vcpu.Regs = vcpu.Regs with { Rip = 0x100 };
        KvmExit exit = KvmExit.Unknown;
        for (int round = 0; round < 20; round++)
        {
            Thread runner = new(() => exit = vcpu.Run());
            runner.Start();
            // Before, while and after it enters the guest: a kick that comes too early must not be lost.
            if (round % 2 == 0) SpinWait.SpinUntil(() => vcpu.IsRunning);
            long begin = Stopwatch.GetTimestamp();
            vcpu.Kick();
            Assert.True(runner.Join(TimeSpan.FromSeconds(5)), "the vCPU did not leave the guest");
            Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(1));
            Assert.Equal(KvmExit.Interrupted, exit);
        }
    }

    [Fact]
    public void A_kick_in_the_middle_of_a_list_loses_no_access()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        FrameStamp stamp = FrameStamp.Of(1, 1);
        bench.Show(GfnRange.Of(0, 64), stamp);
        KvmCore core = bench.Cores[0];
        for (int index = 0; index < GuestBatch.Capacity; index++)
        {
            core.Put(index, new Gfn((ulong)index % 64), (AccessKind)(index % 3));
        }
        bool kicked = false;
        Thread kicker = new(() =>
        {
            // Room between two kicks: a storm of them would be no test of anything.
            for (int kick = 0; kick < 300; kick++, Thread.SpinWait(20_000)) core.Kick();
            Volatile.Write(ref kicked, true);
        });
        kicker.Start();
        int interrupted = 0;
        do
        {
            core.Touches[..GuestBatch.Capacity].Clear();
            for (int next = 0; next < GuestBatch.Capacity;)
            {
                CoreExit exit = core.Run(TdpRoot.None, next, GuestBatch.Capacity);
                Assert.True(exit.Reason is CoreExitReason.Done or CoreExitReason.Request, exit.Complaint);
                if (exit.Reason == CoreExitReason.Request) interrupted++;
                next = exit.Next;
            }
            foreach (GuestTouch touch in core.Touches[..GuestBatch.Capacity]) Assert.Equal(stamp.Word, touch.Stamp);
        }
        while (!Volatile.Read(ref kicked));
        Assert.NotEqual(0, interrupted);
        kicker.Join();
    }
}
