using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Lab.Bench.Peers;

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
    /// One process, so that its tables are new; its first pass links them. It inherits the calling thread's processors.
    /// </summary>
    /// <exception cref="WrongAnswerException">It did not zap every page.</exception>
    public RoundTimes RunRound(PeerOptions options)
    {
        string output = Run(_program, Text(options.Pages), Text(options.Threads), Text(RoundTimes.Passes));
        List<RoundTimes> passes = new(RoundTimes.Passes);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            string[] cells = line.Split(',');
            // The peer adds up what its walks read but does not print it; the pages zapped witness what was installed.
            WrongAnswerException.ThrowUnlessEqual("pages zapped by the peer", long.Parse(cells[6], CultureInfo.InvariantCulture), options.Pages);
            passes.Add(new RoundTimes(Number(cells[3]), Number(cells[4]), Number(cells[5])));
        }
        WrongAnswerException.ThrowUnlessEqual("passes of the peer", passes.Count, RoundTimes.Passes);
        return RoundTimes.MedianOf(passes);
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
