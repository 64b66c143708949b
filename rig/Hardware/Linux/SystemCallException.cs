using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>A system call failed: which, with what operands, and the errno.</summary>
public sealed class SystemCallException : Exception
{
    /// <param name="call">The call with its operands, as <c>mmap(4096 bytes)</c>.</param>
    /// <param name="errno">What it left in errno.</param>
    public SystemCallException(string call, int errno)
        : base($"{call} failed: {ErrnoName(errno)} ({Marshal.GetPInvokeErrorMessage(errno)}).")
    {
        Call = call;
        Errno = errno;
    }

    public string Call { get; }

    public int Errno { get; }

    /// <summary>The name of an errno of Linux, for the ones that hypervisors meet; else its number.</summary>
    internal static string ErrnoName(int errno) => errno switch
    {
        Errnos.Eperm => "EPERM",
        Errnos.Enoent => "ENOENT",
        Errnos.Eintr => "EINTR",
        Errnos.Enxio => "ENXIO",
        Errnos.E2big => "E2BIG",
        Errnos.Eagain => "EAGAIN",
        Errnos.Enomem => "ENOMEM",
        Errnos.Eacces => "EACCES",
        Errnos.Efault => "EFAULT",
        Errnos.Ebusy => "EBUSY",
        Errnos.Eexist => "EEXIST",
        Errnos.Enodev => "ENODEV",
        Errnos.Einval => "EINVAL",
        Errnos.Enfile => "ENFILE",
        Errnos.Emfile => "EMFILE",
        Errnos.Enotty => "ENOTTY",
        Errnos.Enospc => "ENOSPC",
        _ => $"errno {errno}",
    };
}

/// <summary>Something that the run needs is not there; the message is one sentence with the remedy.</summary>
public sealed class HardwareUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Errno values of Linux on x86-64.</summary>
internal static class Errnos
{
    public const int Eperm = 1;
    public const int Enoent = 2;
    public const int Eintr = 4;
    public const int Enxio = 6;
    public const int E2big = 7;
    public const int Eagain = 11;
    public const int Enomem = 12;
    public const int Eacces = 13;
    public const int Efault = 14;
    public const int Ebusy = 16;
    public const int Eexist = 17;
    public const int Enodev = 19;
    public const int Einval = 22;
    public const int Enfile = 23;
    public const int Emfile = 24;
    public const int Enotty = 25;
    public const int Enospc = 28;
}
