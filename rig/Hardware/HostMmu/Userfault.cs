using System.Runtime.InteropServices;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>
/// The rig as the resolver of missing pages: a vCPU's access to a page that has no PTE sleeps in the kernel, an event comes out
/// of the userfaultfd, and one thread here has the page mapped (demand paging as a VMM does it, and its latency).
/// <code>
///   access ─ page fault ─ sleep ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ access again
///                          └ event ─ [read ─ UFFDIO_CONTINUE] ┘      in brackets: the latency that is counted
/// </code>
/// </summary>
/// <remarks>Minor mode: the page is in the memory file and wants only a PTE. Where the range has gone meanwhile, the sleeper is
/// woken all the same and faults again, on the hole; nobody is left asleep. The loop allocates nothing: the collector never waits
/// for a vCPU that waits for it.</remarks>
internal sealed unsafe class Userfault : IDisposable
{
    /// <summary>From linux/userfaultfd.h: ioctl numbers, which encode the size of their argument.</summary>
    private const nuint IoctlApi = 0xc018aa3f, IoctlRegister = 0xc020aa00, IoctlWake = 0x8010aa02, IoctlContinue = 0xc020aa07;

    private const ulong ApiVersion = 0xaa;
    private const ulong FeatureMinorShmem = 1 << 10;
    private const ulong RegisterModeMinor = 1 << 2;
    private const byte EventPageFault = 0x12;
    private const int MessageBytes = 32, MessagesPerRead = 16, MessageAddress = 16;

    private readonly Descriptor _userfault;
    private readonly Descriptor _stop;
    private readonly Thread _resolver;
    private long _resolved;
    private long _nanosecondsTotal;
    private long _nanosecondsMax;
    private volatile int _brokenErrno;

    /// <exception cref="HardwareUnavailableException">The kernel has it not, or not for us.</exception>
    public Userfault()
    {
        // Faults of the user mode only: for these no privilege is needed.
        long opened = HostCalls.SystemCall(HostCalls.SystemCallUserfault,
            HostCalls.CloseOnExec | HostCalls.NonBlocking | HostCalls.UserModeOnly);
        if (opened < 0) throw Refused("userfaultfd", Marshal.GetLastPInvokeError());
        _userfault = new Descriptor((int)opened);
        ulong* api = stackalloc ulong[] { ApiVersion, FeatureMinorShmem, 0 };
        if (Libc.Ioctl(_userfault.Number, IoctlApi, (nint)api) == -1)
        {
            int errno = Marshal.GetLastPInvokeError();
            _userfault.Dispose();
            throw Refused("UFFDIO_API with minor faults of memory files", errno);
        }
        _stop = new Descriptor(Libc.Checked(HostCalls.EventDescriptor(0, HostCalls.CloseOnExec), "eventfd"));
        _resolver = new Thread(Resolve) { IsBackground = true, Name = "userfault" };
        _resolver.UnsafeStart();
    }

    /// <summary>Faults resolved; nanoseconds from reading the event to the page being mapped, together and the longest.</summary>
    public (long Count, long Nanoseconds, long NanosecondsMax) Resolved =>
        (Volatile.Read(ref _resolved), Volatile.Read(ref _nanosecondsTotal), Volatile.Read(ref _nanosecondsMax));

    /// <summary>Makes the missing pages of a mapping of the memory file this object's business, until the mapping goes.</summary>
    /// <exception cref="SystemCallException">The kernel refuses.</exception>
    public void Register(nint address, long bytes)
    {
        ulong* register = stackalloc ulong[] { (ulong)address, (ulong)bytes, RegisterModeMinor, 0 };
        Libc.Checked(Libc.Ioctl(_userfault.Number, IoctlRegister, (nint)register),
            $"UFFDIO_REGISTER(0x{address:x}, {bytes} bytes, minor)");
        if (_brokenErrno != 0) throw new SystemCallException("read(userfaultfd)", _brokenErrno);
    }

    public void Dispose()
    {
        ulong one = 1;
        // SAFETY: eventfd takes eight bytes.
        _ = HostCalls.Write(_stop.Number, &one, sizeof(ulong));
        _resolver.Join();
        _userfault.Dispose();
        _stop.Dispose();
    }

    private static HardwareUnavailableException Refused(string what, int errno) => new(
        $"--userfault on needs {what}, which failed with {SystemCallException.ErrnoName(errno)}: a kernel of 5.14 or later with "
            + "CONFIG_USERFAULTFD, not blocked by seccomp; or use --userfault off.");

    private void Resolve()
    {
        HostCalls.Polled* polled = stackalloc HostCalls.Polled[2];
        polled[0] = new HostCalls.Polled { Descriptor = _userfault.Number, Events = HostCalls.PollIn };
        polled[1] = new HostCalls.Polled { Descriptor = _stop.Number, Events = HostCalls.PollIn };
        byte* messages = stackalloc byte[MessageBytes * MessagesPerRead];
        while (true)
        {
            if (HostCalls.Poll(polled, 2, -1) < 0) continue;
            if (polled[1].Returned != 0) return;
            long read = HostCalls.Read(_userfault.Number, messages, MessageBytes * MessagesPerRead);
            if (read < 0)
            {
                // Another reader took it, or a signal came: neither is trouble. What is shows at the next registration.
                int errno = Marshal.GetLastPInvokeError();
                if (errno is Errnos.Eagain or Errnos.Eintr) continue;
                _brokenErrno = errno;
                return;
            }
            long begin = default(Metal).Timestamp();
            for (byte* message = messages; message < messages + read; message += MessageBytes)
            {
                // SAFETY: struct uffd_msg, of which the kernel hands out whole ones only.
                if (*message == EventPageFault)
                {
                    ResolvePage(*(ulong*)(message + MessageAddress) & ~(ulong)(SlotMemory.PageBytes - 1), begin);
                }
            }
        }
    }

    private void ResolvePage(ulong page, long begin)
    {
        ulong* resolve = stackalloc ulong[] { page, SlotMemory.PageBytes, 0, 0 };
        if (Libc.Ioctl(_userfault.Number, IoctlContinue, (nint)resolve) == -1)
        {
            // Mapped by now, zapped by now, or no page is there: let the access find out.
            _ = Libc.Ioctl(_userfault.Number, IoctlWake, (nint)resolve);
            return;
        }
        long took = default(Metal).Timestamp() - begin;
        _resolved++;
        _nanosecondsTotal += took;
        if (took > _nanosecondsMax) _nanosecondsMax = took;
    }
}
