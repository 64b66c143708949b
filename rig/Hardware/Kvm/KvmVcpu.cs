using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>A vCPU of a KVM VM: its descriptor and its shared page. One thread runs it; any thread may <see cref="Kick"/>
/// it.</summary>
internal sealed unsafe class KvmVcpu : IDisposable
{
    private readonly Descriptor _descriptor;
    private readonly nint _page;
    private readonly int _pageBytes;
    private int _runner;
    private int _kicks;

    /// <exception cref="SystemCallException">The shared page could not be mapped.</exception>
    public KvmVcpu(Descriptor descriptor, int index, int runBytes)
    {
        _descriptor = descriptor;
        _pageBytes = runBytes;
        Index = index;
        _page = Libc.Map(0, (nuint)runBytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, descriptor.Number, 0);
        if (_page == -1) throw new SystemCallException($"mmap(vCPU {index}, {runBytes} bytes)", Marshal.GetLastPInvokeError());
    }

    public int Index { get; }

    public Descriptor Descriptor => _descriptor;

    /// <summary>True from just before a thread enters KVM_RUN until just after.</summary>
    public bool IsRunning => Volatile.Read(ref _runner) != 0;

    public KvmStatistics Statistics => field ??= new KvmStatistics(_descriptor);

    /// <summary>What the last exit said.</summary>
    // SAFETY: the page is mapped as long as this object is not disposed of, and is longer than the structure.
    public ref KvmRunPage Page => ref *(KvmRunPage*)_page;

    public KvmRegs Regs
    {
        get
        {
            KvmRegs regs;
            // SAFETY: the kernel writes one structure of this layout, whose size the number encodes.
            Libc.Checked(Libc.Ioctl(_descriptor.Number, KvmAbi.GetRegs, (nint)(&regs)), "KVM_GET_REGS");
            return regs;
        }

        // SAFETY: the kernel reads one structure from the stack.
        set => Libc.Checked(Libc.Ioctl(_descriptor.Number, KvmAbi.SetRegs, (nint)(&value)), "KVM_SET_REGS");
    }

    public KvmSregs Sregs
    {
        get
        {
            KvmSregs sregs;
            // SAFETY: as for the registers.
            Libc.Checked(Libc.Ioctl(_descriptor.Number, KvmAbi.GetSregs, (nint)(&sregs)), "KVM_GET_SREGS");
            return sregs;
        }

        set => Libc.Checked(Libc.Ioctl(_descriptor.Number, KvmAbi.SetSregs, (nint)(&value)), "KVM_SET_SREGS");
    }

    /// <summary>KVM_RUN until the guest leaves. <see cref="KvmExit.Interrupted"/> if a <see cref="Kick"/> got it out; other
    /// signals are not seen.</summary>
    /// <exception cref="SystemCallException">KVM could not run the guest, as when memory behind a slot is gone
    /// (EFAULT).</exception>
    public KvmExit Run()
    {
        Volatile.Write(ref _runner, Libc.ThreadId());
        int served = Volatile.Read(ref _kicks);
        try
        {
            while (Libc.Ioctl(_descriptor.Number, KvmAbi.Run, 0) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno is not (Errnos.Eintr or Errnos.Eagain)) throw new SystemCallException($"KVM_RUN(vCPU {Index})", errno);
                if (Page.ImmediateExit == 0 && Volatile.Read(ref _kicks) == served) continue;
                Page.ImmediateExit = 0;
                return KvmExit.Interrupted;
            }
            return Page.ExitReason;
        }
        finally
        {
            Volatile.Write(ref _runner, 0);
        }
    }

    /// <summary>Finishes the instruction that left the guest by MMIO, without entering the guest again: a read finds
    /// <paramref name="data"/>, a write is dropped. An access that spans several pieces comes back as often as it has
    /// pieces.</summary>
    public void FinishMmio(ulong data)
    {
        do
        {
            Page.MmioData = data;
            Page.ImmediateExit = 1;
            int result = Libc.Ioctl(_descriptor.Number, KvmAbi.Run, 0);
            int errno = Marshal.GetLastPInvokeError();
            Page.ImmediateExit = 0;
            if (result < 0 && errno == Errnos.Eintr) return;
            if (result < 0) throw new SystemCallException($"KVM_RUN(vCPU {Index}, to finish MMIO)", errno);
        }
        while (Page.ExitReason == KvmExit.Mmio);
    }

    /// <summary>Gets the running thread out of the guest; if it is just about to enter, it does not stay. Immediate exit covers
    /// the way in, the signal the guest itself.</summary>
    public void Kick()
    {
        Interlocked.Increment(ref _kicks);
        Page.ImmediateExit = 1;
        // Pairs with the store of the thread's number before KVM_RUN reads the byte.
        Interlocked.MemoryBarrier();
        int thread = Volatile.Read(ref _runner);
        if (thread != 0) KickSignal.Send(thread);
    }

    public void Dispose()
    {
        if (_page != -1) _ = Libc.Unmap(_page, (nuint)_pageBytes);
        _descriptor.Dispose();
    }
}
