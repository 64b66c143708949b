using System.Diagnostics;
using Iced.Intel;
using Lab.Application.Measuring;
using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>The end of a run, whether cancelled or given up by the watchdog, reaches vCPUs that would stay in the guest
/// forever.</summary>
public sealed class GuestEvictorTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Vcpus_that_hear_of_the_end_late_are_out_within_a_second(bool byCancellation)
    {
        if (KvmBench.TryMake(vcpus: 2) is not { } bench) return;
        using KvmBench _ = bench;
        EndlessGuest(bench);
        using CancellationTokenSource end = new();
        using EvictedHost host = new(bench.Context);
        using GuestEvictor evictor = new(host, end.Token);
        bool stopped = false;
        Thread[] vcpus = [.. bench.Context.Vcpus.Select(vcpu => new Thread(() =>
        {
            // Goes back into the guest as long as nobody told it not to.
            while (!Volatile.Read(ref stopped)) vcpu.Run();
        }))];
        foreach (Thread vcpu in vcpus) vcpu.Start();
        SpinWait.SpinUntil(() => bench.Context.Vcpus.All(vcpu => vcpu.IsRunning));
        if (byCancellation) end.Cancel();
        else evictor.Start();
        // The first kicks come before the vCPUs hear of the end, as they do in a run.
        SpinWait.SpinUntil(() => host.Kicks > 2);
        long begin = Stopwatch.GetTimestamp();
        Volatile.Write(ref stopped, true);
        foreach (Thread vcpu in vcpus) Assert.True(vcpu.Join(TimeSpan.FromSeconds(10)), "a vCPU stayed in the guest");
        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    private static unsafe void EndlessGuest(KvmBench bench)
    {
        SlotBacking backing = bench.Show(GfnRange.Of(0, 1), FrameStamp.Of(1, 1));
        Assembler endless = new(64);
        Label here = endless.CreateLabel();
        endless.Label(ref here);
        endless.jmp(here);
        MachineCode.Assemble(endless, 0x100).CopyTo(new Span<byte>((byte*)backing.Address.Value + 0x100, 16));
        foreach (KvmVcpu vcpu in bench.Context.Vcpus)
        {
            bench.Image.Restart(vcpu, bench.Image.RequestsBase);
            vcpu.Regs = vcpu.Regs with { Rip = 0x100 };
        }
    }

    /// <summary>A host that has one context and counts how often it was asked to empty it.</summary>
    private sealed class EvictedHost(KvmContext context) : IHardwareHost
    {
        private int _kicks;

        public string Name => "test";

        public IReadOnlyList<string> Notes => [];

        public int Kicks => Volatile.Read(ref _kicks);

        public IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, SlotUpdates updates)
            where TMachine : struct, IMachine => throw new NotSupportedException();

        public IReadOnlyList<KernelCounter> KernelCounters() => [];

        public string? MissingFor(SlotUpdates updates) => null;

        public void KickAll()
        {
            foreach (KvmVcpu vcpu in context.Vcpus) vcpu.Kick();
            Interlocked.Increment(ref _kicks);
        }

        public void Dispose() { }
    }
}
