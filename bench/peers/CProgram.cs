using System.ComponentModel;
using System.Diagnostics;

namespace Lab.Bench.Peers;

/// <summary>A C program of one file beside this program: compiled once, then started as a process of its own for every
/// round.</summary>
internal sealed class CProgram
{
    private const string Compiler = "gcc";
    private readonly string _path;

    private CProgram(string path) => _path = path;

    /// <summary>Compiles <c>peers/NAME.c</c> into the folder. Null if there is no compiler.</summary>
    /// <exception cref="PeerFailedException">The compiler refused the source.</exception>
    public static CProgram? TryBuild(string name, string folder)
    {
        string path = Path.Combine(folder, name);
        string source = Path.Combine(AppContext.BaseDirectory, "peers", name + ".c");
        Directory.CreateDirectory(folder);
        try
        {
            Run(Compiler, "-O2", "-pthread", "-o", path, source);
        }
        catch (Win32Exception)
        {
            return null;
        }
        return new CProgram(path);
    }

    /// <summary>One process; it inherits the calling thread's processors. Returns what it wrote to standard output.</summary>
    /// <exception cref="PeerFailedException">It ended with another exit code than zero; on standard error it has said
    /// why.</exception>
    public string Run(params string[] arguments) => Run(_path, arguments);

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new PeerFailedException($"{Path.GetFileName(program)} ended with exit code {process.ExitCode}.");
    }
}

/// <summary>The peer, or the compiler that should make it, did not do its work.</summary>
internal sealed class PeerFailedException(string message) : Exception(message);
