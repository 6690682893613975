package dev.greenhouse.tests.survival;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Task;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// What a task can be in when its cancellation comes, and that nothing else ends.
@SuppressWarnings({"LockNotBeforeTry", "ThreadPriorityCheck", "WaitNotInLoop"})
enum BlockingCall {
  QUEUE_TAKE(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      var queue = new LinkedBlockingQueue<>();
      p.call = () -> queue.take();
    }
  },
  OBJECT_WAIT(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      var monitor = new Object();
      p.call =
          () -> {
            synchronized (monitor) {
              monitor.wait();
            }
          };
    }
  },
  LOCK_INTERRUPTIBLY(true) {
    @Override
    void setUp(Prepared p, Path directory) throws InterruptedException {
      var lock = new ReentrantLock();
      Thread.ofPlatform().start(lock::lock).join(); // ends without giving it back
      p.call = lock::lockInterruptibly;
    }
  },
  CONDITION_AWAIT(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      var lock = new ReentrantLock();
      var condition = lock.newCondition();
      p.call =
          () -> {
            lock.lock();
            try {
              condition.await();
            } finally {
              lock.unlock();
            }
          };
    }
  },
  SEMAPHORE_ACQUIRE(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call = new Semaphore(0)::acquire;
    }
  },
  FUTURE_GET(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      var future = new CompletableFuture<>();
      p.call = () -> future.get();
    }
  },
  THREAD_JOIN(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      Thread thread = Thread.ofPlatform().daemon().start(LockSupport::park);
      p.call = thread::join;
      p.closeLater(() -> LockSupport.unpark(thread));
    }
  },
  PROCESS_WAIT_FOR(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      Process process = new ProcessBuilder("sleep", "600").start();
      p.closeLater(process::destroyForcibly);
      p.call = process::waitFor;
    }
  },
  SOCKET_READ(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      var socket = new Socket();
      p.closeLater(socket);
      socket.connect(silentServer(p).getLocalSocketAddress());
      p.call = () -> socket.getInputStream().read();
    }
  },
  SERVER_SOCKET_ACCEPT(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      p.call = silentServer(p)::accept;
    }
  },
  DATAGRAM_RECEIVE(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      var socket = new DatagramSocket(localhost());
      p.closeLater(socket);
      p.call = () -> socket.receive(new DatagramPacket(new byte[1], 1));
    }
  },
  SOCKET_CHANNEL_READ(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      var channel = SocketChannel.open(silentServer(p).getLocalSocketAddress());
      p.closeLater(channel);
      p.call = () -> channel.read(ByteBuffer.allocate(1));
    }
  },
  SERVER_SOCKET_CHANNEL_ACCEPT(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      var channel = ServerSocketChannel.open().bind(localhost());
      p.closeLater(channel);
      p.call = channel::accept;
    }
  },
  PIPE_READ(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      Pipe pipe = Pipe.open();
      p.closeLater(pipe.source());
      p.closeLater(pipe.sink());
      p.call = () -> pipe.source().read(ByteBuffer.allocate(1));
    }
  },
  /// Returns when it is interrupted, and leaves the flag on.
  SELECT(false) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      var selector = Selector.open();
      p.closeLater(selector);
      p.call =
          () -> {
            selector.select();
            Task.throwIfCancelled();
          };
    }
  },
  HTTP_SEND(true) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      HttpClient client = HttpClient.newHttpClient();
      p.closeLater(client::shutdownNow);
      URI uri = URI.create("http://127.0.0.1:" + silentServer(p).getLocalPort());
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      p.call = () -> client.send(request, HttpResponse.BodyHandlers.discarding());
    }
  },
  FILE_READS_IN_A_LOOP(false) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      p.call = readsForEver(p, directory);
    }
  },
  /// A read of a file is native code: nobody sees that the thread is blocked.
  SWALLOW_ONCE_AND_READ_FILES(false) {
    @Override
    void setUp(Prepared p, Path directory) throws IOException {
      Action reads = readsForEver(p, directory);
      p.call =
          () -> {
            try {
              Thread.sleep(600_000);
            } catch (InterruptedException swallowed) {
              reads.run();
            }
          };
    }
  },
  COMPUTE_UNTIL_THE_FLAG_IS_ON(false) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            while (!Thread.interrupted()) {
              Thread.onSpinWait();
            }
            Task.throwIfCancelled();
          };
    }
  },
  PARK_UNTIL_THE_FLAG_IS_ON(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            while (!Thread.currentThread().isInterrupted()) {
              LockSupport.park();
            }
            Task.throwIfCancelled();
          };
    }
  },
  PARK_AND_CLEAR_THE_FLAG(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            for (int swallowed = 0; swallowed < SWALLOWED; ) {
              LockSupport.park();
              swallowed += Thread.interrupted() ? 1 : 0;
            }
            Task.throwIfCancelled();
          };
    }
  },
  SWALLOW_IN_SLEEP(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            for (int swallowed = 0; swallowed < SWALLOWED; ) {
              try {
                Thread.sleep(600_000);
              } catch (InterruptedException e) {
                swallowed++;
              }
            }
            Task.throwIfCancelled();
          };
    }
  },
  SWALLOW_IN_SHORT_SLEEPS(false) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            for (int swallowed = 0; swallowed < SWALLOWED; ) {
              try {
                Thread.sleep(1);
              } catch (InterruptedException e) {
                swallowed++;
              }
            }
            Task.throwIfCancelled();
          };
    }
  },
  SWALLOW_AND_YIELD(false) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            for (int swallowed = 0; swallowed < SWALLOWED; ) {
              Thread.yield();
              try {
                Task.checkpoint();
              } catch (Cancelled e) {
                swallowed++;
              }
            }
            Task.throwIfCancelled();
          };
    }
  },
  SWALLOW_IN_OUR_SLEEP_AND_YIELD(true) {
    @Override
    void setUp(Prepared p, Path directory) {
      p.call =
          () -> {
            for (int swallowed = 0; swallowed < SWALLOWED; ) {
              try {
                Task.sleepForever();
              } catch (Cancelled e) {
                swallowed++;
              }
              Thread.yield();
            }
            Task.throwIfCancelled();
          };
    }
  };

  private static final int SWALLOWED = 20;

  /// Whether its thread is seen to wait.
  final boolean parks;

  BlockingCall(boolean parks) {
    this.parks = parks;
  }

  /// What may fail.
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  /// A call for which everything is open that it needs.
  static final class Prepared implements Closeable {
    private final Deque<Closeable> open = new ArrayDeque<>();
    private Action call = () -> {};

    private void closeLater(Closeable resource) {
      open.push(resource);
    }

    /// Makes the call.
    void block() throws Exception {
      call.run();
    }

    @Override
    public void close() throws IOException {
      for (Closeable resource : open) {
        resource.close();
      }
    }
  }

  abstract void setUp(Prepared p, Path directory) throws Exception;

  /// {@return the call, ready to be made}
  Prepared prepare(Path directory) throws Exception {
    var p = new Prepared();
    setUp(p, directory);
    return p;
  }

  private static Action readsForEver(Prepared p, Path directory) throws IOException {
    Path file = Files.write(directory.resolve("file"), new byte[1 << 16]);
    var channel = FileChannel.open(file);
    p.closeLater(channel);
    var buffer = ByteBuffer.allocate(1 << 16);
    return () -> {
      while (true) {
        channel.read(buffer.clear(), 0);
      }
    };
  }

  private static InetSocketAddress localhost() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /// One that takes connections and never says anything.
  private static ServerSocket silentServer(Prepared p) throws IOException {
    var server = new ServerSocket();
    p.closeLater(server);
    server.bind(localhost());
    return server;
  }
}
