using Lab.Hardware;
using Lab.Time;

namespace Lab.Bench.Peers;

/// <summary>The lab's side of the memslot comparison: the peer's rounds, done by the lab's KVM layer and timed by the lab's
/// clock.</summary>
/// <remarks>Timed is exactly one <see cref="KvmVm.SetRegion(ref KvmRegion)"/> or one pass of the guest, as in the peer. Samples
/// go to arrays made beforehand. No garbage is collected meanwhile: nothing else runs in the process, and a round whose loop
/// allocated a single byte is refused.</remarks>
internal sealed class MemslotLab : IDisposable
{
    private readonly Kvm _kvm;
    private readonly Clock _clock = Clock.Default;

    private MemslotLab(Kvm kvm) => _kvm = kvm;

    /// <summary>Opens the device. Null where the comparison cannot be made; then <paramref name="refusal"/> says why in one
    /// sentence.</summary>
    public static MemslotLab? TryOpen(string device, out string refusal)
    {
        refusal = "";
        try
        {
            Kvm kvm = Kvm.Open(device);
            if (Clock.Default.Info.Source == ClockSource.Tsc) return new MemslotLab(kvm);
            kvm.Dispose();
            refusal = "The memslot comparison is left out, for the guest takes its times by the time-stamp counter. "
                + $"{Clock.Default.Info.Note}";
        }
        catch (HardwareUnavailableException complaint)
        {
            // The remedy is worded for runs; here the other comparison is the one that needs no KVM.
            string reason = complaint.Message.Replace("--mmu radix", "--peer radix",
                StringComparison.Ordinal).Replace("--mmu kvm", "it", StringComparison.Ordinal);
            refusal = $"The memslot comparison is left out: {reason}";
        }
        return null;
    }

    /// <summary>One case in a VM of its own, on a thread of its own as the regime wants it. One figure per operation of the case,
    /// in order.</summary>
    /// <exception cref="WrongAnswerException">The stores did not land, or the loop allocated.</exception>
    public IReadOnlyList<RoundQuantiles> RunRound(MemslotCase work, QuietRegime regime)
    {
        IReadOnlyList<RoundQuantiles> found = [];
        Exception? trouble = null;
        // A new thread for every round: what the regime makes of it ends with it.
        Thread measuring = new(() =>
        {
            try
            {
                regime.Enter();
                found = Measure(work);
            }
            catch (Exception complaint)
                when (complaint is WrongAnswerException or SystemCallException or HardwareUnavailableException)
            {
                trouble = complaint;
            }
        }) { Name = "measuring" };
        measuring.Start();
        measuring.Join();
        return trouble is null ? found : throw trouble;
    }

    public void Dispose() => _kvm.Dispose();

    private IReadOnlyList<RoundQuantiles> Measure(MemslotCase work)
    {
        using MemslotVm vm = new(_kvm);
        vm.Aim(work);
        vm.RunPass();
        vm.CheckStores(work);
        return work.IsTimedByGuest ? Faults(vm, work) : Recreate(vm, work);
    }

    /// <summary>Delete, create, a pass in which every page faults, a pass in which none does.</summary>
    private IReadOnlyList<RoundQuantiles> Recreate(MemslotVm vm, MemslotCase work)
    {
        long[] deletes = new long[work.Samples], creates = new long[work.Samples], faults = new long[work.Samples];
        long[] warm = new long[work.Samples];
        KvmRegion present = vm.Present, gone = vm.Gone;
        long allocated = 0;
        for (int iteration = -MemslotCase.Warmup; iteration < work.Iterations; iteration++)
        {
            long delete = TimedUpdate(vm.Vm, ref gone), create = TimedUpdate(vm.Vm, ref present);
            long fault = TimedPass(vm), warmPass = TimedPass(vm);
            if (iteration < 0) continue;
            if (iteration == 0) allocated = GC.GetAllocatedBytesForCurrentThread();
            deletes[iteration] = delete;
            creates[iteration] = create;
            faults[iteration] = fault;
            warm[iteration] = warmPass;
        }
        ThrowIfAllocated(since: allocated);
        vm.CheckStores(work);
        return [.. work.Operations.Select(operation => RoundQuantiles.Of(operation switch
        {
            MemslotCase.Delete => deletes,
            MemslotCase.Create => creates,
            MemslotCase.FaultPass => faults,
            _ => warm,
        }))];
    }

    /// <summary>Each fault by itself, timed inside the guest.</summary>
    private IReadOnlyList<RoundQuantiles> Faults(MemslotVm vm, MemslotCase work)
    {
        long[] faults = new long[work.Samples], warm = new long[work.Samples];
        KvmRegion present = vm.Present, gone = vm.Gone;
        int taken = 0;
        long allocated = 0;
        for (int iteration = -MemslotCase.Warmup; iteration < work.Iterations; iteration++)
        {
            TimedUpdate(vm.Vm, ref gone);
            TimedUpdate(vm.Vm, ref present);
            vm.RunPass();
            if (iteration == 0) allocated = GC.GetAllocatedBytesForCurrentThread();
            if (iteration >= 0) Keep(vm.Log(work), faults.AsSpan(taken));
            vm.RunPass();
            // Between the faulting passes the peer keeps the warm ones, though fewer.
            if (iteration >= 0 && iteration % 16 == 0) Keep(vm.Log(work), warm.AsSpan(taken));
            if (iteration >= 0) taken += work.Pages - 1;
        }
        ThrowIfAllocated(since: allocated);
        vm.CheckStores(work);
        return [RoundQuantiles.Of(faults)];
    }

    private long TimedUpdate(KvmVm vm, ref KvmRegion region)
    {
        long begin = _clock.Ticks();
        vm.SetRegion(ref region);
        long end = _clock.TicksOrdered();
        return _clock.ToNanoseconds(end - begin);
    }

    private long TimedPass(MemslotVm vm)
    {
        long begin = _clock.Ticks();
        vm.RunPass();
        long end = _clock.TicksOrdered();
        return _clock.ToNanoseconds(end - begin);
    }

    private void Keep(ReadOnlySpan<long> log, Span<long> samples)
    {
        // The first page is left out, as by the peer: its fault also builds the tables.
        for (int page = 1; page < log.Length; page++) samples[page - 1] = _clock.ToNanoseconds(log[page]);
    }

    private static void ThrowIfAllocated(long since) =>
        WrongAnswerException.ThrowUnlessEqual("bytes allocated up to the end of the loop",
            GC.GetAllocatedBytesForCurrentThread(), since);
}
