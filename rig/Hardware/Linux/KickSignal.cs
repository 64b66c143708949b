using System.Runtime.InteropServices;
using Iced.Intel;

namespace Lab.Hardware;

/// <summary>The signal that interrupts a thread in the guest. Its handler is one instruction of machine code, <c>ret</c>: what
/// matters is that the system call comes back.</summary>
internal static unsafe partial class KickSignal
{
    /// <summary>A real-time signal that neither libc nor the runtime uses.</summary>
    private const int Number = 50;

    /// <summary>Lives as long as the process: a signal may be on its way at any time.</summary>
    private static readonly MachineCode Installed = Install();

    /// <summary>Interrupts a thread of this process; nothing happens if it has ended.</summary>
    public static void Send(int thread)
    {
        if (Installed.Address != 0) _ = Tgkill(SysTgkill, Libc.ProcessId(), thread, Number);
    }

    private const nint SysTgkill = 234;

    private static MachineCode Install()
    {
        Assembler handler = new(64);
        handler.ret();
        MachineCode code = new(handler);
        SignalAction action = new() { Handler = code.Address };
        // SAFETY: the kernel copies the structure; its layout is glibc's and musl's struct sigaction on x86-64.
        Libc.Checked(Sigaction(Number, &action, null), $"sigaction({Number})");
        return code;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Tgkill(nint number, nint process, nint thread, nint signal);

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static partial int Sigaction(int signal, SignalAction* action, SignalAction* old);

    /// <summary>struct sigaction of libc: handler, 128 bytes of mask, flags, restorer. No flags: system calls are not
    /// restarted.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 152)]
    private struct SignalAction
    {
        [FieldOffset(0)]
        public nint Handler;

        [FieldOffset(136)]
        public int Flags;
    }
}
