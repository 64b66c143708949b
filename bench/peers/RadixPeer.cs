using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>Nanoseconds per page that one round took, by kind of work.</summary>
internal readonly record struct RoundTimes(double Install, double Walk, double Zap);

/// <summary>The C program <c>radix_peer.c</c>: compiled once, then started anew for every round.</summary>
internal sealed class RadixPeer
{
    private const string Compiler = "gcc";
    private readonly string _program;

    private RadixPeer(string program) => _program = program;

    /// <summary>Compiles the peer into the folder. Null if there is no compiler.</summary>
    /// <exception cref="InvalidOperationException">The compiler refused the source.</exception>
    public static RadixPeer? TryBuild(string folder)
    {
        string program = Path.Combine(folder, "radix_peer");
        string source = Path.Combine(AppContext.BaseDirectory, "peers", "radix_peer.c");
        Directory.CreateDirectory(folder);
        try
        {
            Run(Compiler, "-O2", "-pthread", "-o", program, source);
        }
        catch (Win32Exception)
        {
            return null;
        }
        return new RadixPeer(program);
    }

    /// <summary>
    /// One process, two rounds of its own, the second counted: its tables are new, its first round links them. It inherits the
    /// calling thread's processors.
    /// </summary>
    /// <exception cref="WrongAnswerException">It did not zap every page.</exception>
    public RoundTimes RunRound(PeerOptions options)
    {
        string output = Run(_program, Text(options.Pages), Text(options.Threads), "2");
        string[] counted = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(',');
        long zapped = long.Parse(counted[6], CultureInfo.InvariantCulture);
        // The peer adds up what its walks read but does not print it; the pages zapped witness what was installed.
        WrongAnswerException.ThrowUnlessEqual("pages zapped by the peer", zapped, options.Pages);
        return new RoundTimes(Number(counted[3]), Number(counted[4]), Number(counted[5]));
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Work was timed whose answer was wrong: the time means nothing.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message)
{
    public static void ThrowUnlessEqual(string what, long found, long expected)
    {
        if (found != expected) throw new WrongAnswerException($"The {what} are {found}, and should be {expected}.");
    }
}
