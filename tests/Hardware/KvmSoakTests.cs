using System.Globalization;
using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>Runs while no other test does: what the process holds is looked at.</summary>
[CollectionDefinition("Soak", DisableParallelization = true)]
public sealed class Soak;

/// <summary>What is made is given back: descriptors, mappings and memory stay where they are.</summary>
[Collection("Soak")]
public sealed class KvmSoakTests(ITestOutputHelper output)
{
    private const int Contexts = 1_000;
    private const int Updates = 10_000;

    [Fact]
    public void A_thousand_contexts_made_and_ended_leave_nothing_behind()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        bench.Dispose();
        using Kvm kvm = Kvm.Open("/dev/kvm");
        using GuestImage image = new(vcpus: 2, 1L << 30);
        using VcpuRequests requests = new(2);
        Holdings before = default;
        for (int made = 0; made < Contexts; made++)
        {
            // The first ones bring in what is loaded once: code, names of statistics.
            if (made == Contexts / 10) before = Holdings.Now();
            using KvmContext context = new(kvm, vcpus: 2, new HardwareSettings());
            context.Attach(image, requests.Address, 4096);
            image.Restart(context.Vcpus[0], image.RequestsBase);
            Assert.Equal(KvmExit.Io, context.Vcpus[0].Run());
        }
        AssertFlat($"{Contexts} contexts", before, Holdings.Now());
    }

    [Fact]
    public void Ten_thousand_memslot_updates_under_load_leave_nothing_behind()
    {
        if (KvmBench.TryMake(vcpus: 2) is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 512), FrameStamp.Of(0, 1));
        bool stop = false;
        Exception? failure = null;
        Thread vcpu = new(() =>
        {
            KvmCore core = bench.Cores[1];
            for (int index = 0; index < GuestBatch.Capacity; index++)
            {
                core.Put(index, new Gfn((ulong)index % 1024), AccessKind.Write);
            }
            for (int next = 0; !Volatile.Read(ref stop);)
            {
                CoreExit exit = core.Run(TdpRoot.None, next, GuestBatch.Capacity);
                if (exit.Reason == CoreExitReason.Failed) failure = new InvalidOperationException(exit.Complaint);
                // What is not there just now is skipped.
                next = exit.Reason == CoreExitReason.Fault ? exit.Next + 1 : exit.Next;
                if (next >= GuestBatch.Capacity || failure is not null) next = 0;
            }
        });
        vcpu.Start();
        Holdings before = default;
        for (int update = 0; update < Updates; update += 2)
        {
            if (update == Updates / 10) before = Holdings.Now();
            SlotBacking backing = bench.Show(GfnRange.Of(512, 512), FrameStamp.Of(1, (ulong)update + 2));
            lock (bench.Context.Pieces.Lock)
            {
                Assert.True(bench.Context.Pieces.TryFind(new Gfn(600), out Piece piece));
                bench.Context.Zap(piece);
            }
            bench.Memory.Free(backing.Address, (ulong)update + 2);
        }
        Holdings after = Holdings.Now();
        Volatile.Write(ref stop, true);
        vcpu.Join();
        Assert.Null(failure);
        AssertFlat($"{Updates} memslot updates under a writing vCPU", before, after);
    }

    private void AssertFlat(string what, Holdings before, Holdings after)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: descriptors {before.Descriptors} to {after.Descriptors}, mappings {before.Mappings} to {after.Mappings}, "
                + $"resident {before.ResidentBytes >> 10:N0} to {after.ResidentBytes >> 10:N0} KiB (from a tenth "
                + $"of the way on)"));
        // A leak of one per round would be hundreds. The runtime maps and unmaps for itself now and then.
        Assert.InRange(after.Descriptors - before.Descriptors, -20, 5);
        Assert.InRange(after.Mappings - before.Mappings, -100, 20);
        Assert.InRange(after.ResidentBytes - before.ResidentBytes, long.MinValue, 32L << 20);
    }

    private readonly record struct Holdings(int Descriptors, int Mappings, long ResidentBytes)
    {
        public static Holdings Now() => new(
            Directory.GetFiles("/proc/self/fd").Length,
            File.ReadLines("/proc/self/maps").Count(),
            Environment.WorkingSet);
    }
}
